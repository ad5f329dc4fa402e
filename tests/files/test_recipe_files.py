"""Recipe files of noises and of weak annotations alike: read by one reader, faults as one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmark_n.errors import InputError
from benchmark_n.noise.recipe import load_recipe
from benchmark_n.weak.recipe import load_weak_recipe

NOISE, WEAK = "noises: {deletion: {probability: .1}}\n", "prompt: {kind: box}\n"


@pytest.mark.parametrize(("load", "text"), [(load_recipe, NOISE), (load_weak_recipe, WEAK)])
@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ("version: [1]", "Expected `int`"),
        ("version: .inf", "Expected `int`"),
        ("provenance: 3", "Expected `object"),
        ("name: {a: 1}", "Expected `str`"),
        ("a: [", "no recipe"),
        ("# " + "x" * 300_000, "more than 262144 bytes"),
    ],
)
def test_faults_are_one_line(
    tmp_path: Path, load: Callable[..., Any], text: str, more: str, fault: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text + more)
    with pytest.raises(InputError, match=fault) as caught:
        load(path)
    assert "mine.yaml" in str(caught.value)


@pytest.mark.parametrize(
    ("noise", "fault"),
    [
        ("scale: {probability: 1, kernel: 1000000001}", "up to 1025"),
        ("localization: {probability: 1, sigma: 1.0e+300}", "0 to 65536 px"),
        ("approximation: {probability: 1, tolerance: 1.0e+300}", "0 to 65536 px"),
        ("shift: {probability: 1, distance: 99999999999999999999}", "0 to 65536"),
        ("1: {probability: 1}", "Expected `str`"),
        ("scale: 3", "Expected `object"),
    ],
)
def test_parameters_beyond_all_sense(tmp_path: Path, noise: str, fault: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"noises: {{{noise}}}\n")
    with pytest.raises(InputError, match=fault):
        load_recipe(path)


def test_a_sketch_of_many_cells(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("prompt: {kind: mask, cells: 1000000000}\n")
    with pytest.raises(InputError, match="from 1 to 256"):
        load_weak_recipe(path)
