"""Weak recipes: what they say, and faults as one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmark_n.errors import BenchmarkNError
from benchmark_n.weak.recipe import choose_weak, load_weak_recipe, weak_recipe_names


def test_bundled_recipes_load_and_name_their_sources() -> None:
    names = weak_recipe_names()
    assert names[:3] == ["wan-easy", "wan-mid", "wan-hard"]
    for name in names:
        recipe = load_weak_recipe(name)
        assert recipe.description
        assert recipe.provenance


def test_the_tiers_are_those_of_the_authors() -> None:
    easy, mid, hard = (load_weak_recipe(f"wan-{tier}") for tier in ("easy", "mid", "hard"))
    assert easy.prompt.parts == ("box",)
    assert mid.prompt.parts == ("point",)
    assert mid.prompt.point == "box-centre"
    assert hard.prompt == mid.prompt
    assert hard.noises["class_confusion"]["probability"] == 0.3


def test_kinds_combine() -> None:
    recipe = choose_weak("point+box", None, None, {"prompt.noisy": True})
    assert recipe is not None
    assert recipe.name == "wan-box-point"
    assert recipe.prompt.noisy
    assert recipe.provenance == {"prompt.noisy": "set by the user"}


def test_noise_recipes_are_none_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("noises: {}\n")
    assert choose_weak(None, "hard", None) is None
    assert choose_weak(None, None, path) is None
    path.write_text("prompt: {kind: point}\n")
    recipe = choose_weak(None, None, path)
    assert recipe is not None
    assert (recipe.name, recipe.prompt.kind) == ("mine", "point")


@pytest.mark.parametrize(
    ("arguments", "overrides", "text"),
    [
        ((None, "wan-esay", None), {}, "did you mean 'wan-easy'"),
        (("boxes", None, None), {}, "prompt.kind is 'boxes'"),
        (("text+box", None, None), {}, "prompt.kind"),
        (("box", "easy", None), {}, "not two of them"),
        (("box", None, None), {"prompt.sigma": 1}, "no parameter 'sigma'"),
        (("box", None, None), {"prompt.corner_sigma": -1}, "0 or more"),
        (("box", None, None), {"prompt.noisy": "yes"}, "noisy"),
        (("box", None, None), {"prompt.cells": 0}, "from 1 to 256"),
        (("box", None, None), {"prompt.corner_unit": "mm"}, "share, px"),
        (("box", None, None), {"prompt.point": "corner"}, "mask-centre"),
        (("box", None, None), {"prompt.least_iou": 2}, "from 0 to 1"),
        (("box", None, None), {"boxes": "keep"}, "prompt.PARAMETER"),
    ],
)
def test_faults_are_one_line(
    arguments: tuple[Any, Any, Any], overrides: dict[str, Any], text: str
) -> None:
    with pytest.raises(BenchmarkNError, match=text):
        choose_weak(*arguments, overrides=overrides)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("prompt: {kind: box}\nnoise: 1\n", "did you mean 'noises'"),
        ("prompt: 3\n", "expected"),
        ("prompt: {}\n", "kind"),
    ],
)
def test_faulty_files_are_one_line(tmp_path: Path, content: str, text: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(content)
    with pytest.raises(BenchmarkNError, match=text):
        choose_weak(None, None, path)
