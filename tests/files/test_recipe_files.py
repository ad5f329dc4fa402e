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


KINDS = pytest.mark.parametrize(
    ("load", "text", "section", "tier"),
    [
        (load_recipe, NOISE, "deletion", "hard"),
        (load_weak_recipe, WEAK, "prompt", "wan-easy"),
    ],
    ids=["noise", "weak"],
)
Load = Callable[..., Any]


@KINDS
def test_an_unknown_key_is_named(
    tmp_path: Path, load: Load, text: str, section: str, tier: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text + "versoin: 2\n")
    expected = r"^recipe mine: unknown key 'versoin': did you mean 'version'\? \(known: name, "
    with pytest.raises(InputError, match=expected):
        load(path)


@KINDS
def test_what_make_adds_is_known(
    tmp_path: Path, load: Load, text: str, section: str, tier: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text + "seed: 3\nsource: {file: a.json}\nmasks: rle\n")
    assert load(path).name == "mine"


@KINDS
def test_an_unknown_recipe_is_named(load: Load, text: str, section: str, tier: str) -> None:
    wrong = tier[:-2] + tier[:-3:-1]
    expected = rf"^unknown tier or recipe '{wrong}': did you mean '{tier}'\? \(known: "
    with pytest.raises(InputError, match=expected):
        load(wrong)


@KINDS
@pytest.mark.parametrize("content", ["", "version: 1\n", "- 1\n", "{}: 3\n"])
def test_no_recipe_is_named(
    tmp_path: Path, load: Load, text: str, section: str, tier: str, content: str
) -> None:
    path = tmp_path / "mine.yaml"
    needed = text.partition(":")[0]
    path.write_text(content.replace("{}", needed))
    expected = rf"^mine\.yaml: not a recipe: expected a mapping with '{needed}'$"
    with pytest.raises(InputError, match=expected):
        load(path)


@KINDS
def test_an_unknown_parameter_is_named(load: Load, text: str, section: str, tier: str) -> None:
    expected = rf"{section} has no parameter 'sigmo': (did you mean|\(known: )"
    with pytest.raises(InputError, match=expected):
        load(tier, overrides={f"{section}.sigmo": 1})


@KINDS
def test_parameters_are_decoded_strictly(load: Load, text: str, section: str, tier: str) -> None:
    numbers = {"deletion": "probability", "prompt": "cells"}
    with pytest.raises(InputError, match=rf"{section}: Expected `(float|int)`, got `str`"):
        load(tier, overrides={f"{section}.{numbers[section]}": "1"})


@KINDS
def test_what_cannot_be_set_is_named(load: Load, text: str, section: str, tier: str) -> None:
    settable = {
        "deletion": "NOISE.PARAMETER, boxes, empty_masks or scheme",
        "prompt": "prompt.PARAMETER or NOISE.PARAMETER",
    }
    with pytest.raises(InputError, match=rf"^cannot set 'kernel': expected {settable[section]}$"):
        load(tier, overrides={"kernel": 3})


@KINDS
def test_settings_are_the_users_and_last_for_one_call(
    load: Load, text: str, section: str, tier: str
) -> None:
    before = load(tier).to_dict()
    changed = load(tier, overrides={"deletion.probability": 0.125}).to_dict()
    assert changed["noises"]["deletion"]["probability"] == 0.125
    assert changed["provenance"]["deletion.probability"] == "set by the user"
    assert load(tier).to_dict() == before
    assert changed != before


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
