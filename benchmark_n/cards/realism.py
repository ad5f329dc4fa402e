"""How realistic a recipe's noise is, as far as that was measured."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from benchmark_n.files.json_yaml import parse_yaml
from benchmark_n.noise.recipe import load_recipe, recipe_names
from benchmark_n.runtime.commands import command_line

FILE = "realism.yaml"
Interval = tuple[float, float, float]


class Measured(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """AUROC of telling a recipe's drawings from a second person's, with its 95 % interval.

    Parameters
    ----------
    pair, mask
        By both outlines, and by the second one alone.
    people
        The same two figures (no interval) for people told from each other.
    """

    recipe: str
    version: int
    images: str
    pair: Interval
    mask: Interval
    people: tuple[float, float]


class Realism(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was measured, all by one protocol: figures of others cannot be compared."""

    protocol: str
    measured: list[Measured]


@cache
def load_realism() -> Realism:
    """The figures that come with the package."""
    text = files("benchmark_n.configs").joinpath(FILE).read_text(encoding="utf-8")
    return msgspec.convert(parse_yaml(text), Realism)


def realism_text(recipe: Mapping[str, Any], file: str) -> str:
    """What a card says of its recipe's realism: the figures of this version, or that none are.

    `file` is the recipe's, beside the card. Its name, which may be anybody's text, is not shown.
    A recipe that is not the package's one of that name is not the one that was measured; no weak
    recipe was.
    """
    if "prompt" in recipe:
        return "It was not measured how well a model's drawings are told from a person's."
    name, version = str(recipe["name"]), recipe.get("version", 1)
    known = load_realism()
    for one in known.measured:
        if (one.recipe, one.version) == (name, version) and _shipped(recipe):
            return (
                f"Its drawings are told from those of a second person with AUROC "
                f"{_interval(one.pair)} by both outlines and {_interval(one.mask)} by the second "
                f"one alone ({one.images}; its parameters were fitted on none of them; protocol "
                f"{known.protocol}); .5 would be not at all. People are told from each other with "
                f"{one.people[0]:.3f} and {one.people[1]:.3f} there. It is measured on outlines "
                "alone, and on those images."
            )
    return (
        "It was not measured how well this recipe's drawings are told from a person's. Whoever has "
        "annotations of the same images by two people does it by "
        f"`{command_line('realism', file, against='A.json')} B.json`."
    )


def _shipped(recipe: Mapping[str, Any]) -> bool:
    """Whether it moves masks as the package's recipe of that name does."""
    if recipe["name"] not in recipe_names():
        return False
    return bool(_of_masks(load_recipe(recipe["name"]).to_dict()) == _of_masks(recipe))


def _of_masks(recipe: Mapping[str, Any]) -> Any:
    """All that outlines depend on, in plain values: no words, and no category that is confused."""
    plain = {name: recipe.get(name) for name in ("scheme", "boxes", "empty_masks")}
    for part in ("noises", "noise_versions", "where"):
        # Noises are applied in their order.
        values = (recipe.get(part) or {}).items()
        plain[part] = [(name, of) for name, of in values if name != "class_confusion"]
    return json.loads(json.dumps(plain))


def _interval(values: Interval) -> str:
    return f"{values[0]:.3f} ({values[1]:.2f} to {values[2]:.2f})"
