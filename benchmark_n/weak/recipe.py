"""Recipes of weak annotations: YAML documents under ``configs/weak`` (a file may hold several)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import msgspec

from benchmark_n.errors import InputError, UsageError, did_you_mean
from benchmark_n.files.json_yaml import read_yaml
from benchmark_n.files.recipe_files import bundled_recipes, is_recipe_path, read_recipe_file
from benchmark_n.weak.segmenters.base import PARTS

KINDS = (*PARTS, "text")
POINTS = ("mask-centre", "box-centre")
UNITS = ("share", "px")
_MOST_CELLS = 256
_KEYS = ("name", "version", "description", "prompt", "noises", "provenance")
# What `make` adds to the recipe that it used; such a file is a recipe like any other.
_RESOLVED_KEYS = (
    "benchmark",
    "dataset",
    "noise_versions",
    "segmenter",
    "grounder",
    "prompts_from",
    "seed",
    "masks",
    "dilation_ratio",
    "detection",
    "source",
)


class _Document(msgspec.Struct):
    """Types of a recipe file's fields."""

    prompt: dict[str, Any]
    name: str = ""
    version: int = 1
    description: str | None = None
    noises: dict[str, dict[str, Any] | None] | None = None
    provenance: dict[str, Any] | None = None


@dataclass(frozen=True)
class PromptSettings:
    """How prompts are made of clean annotations.

    Parameters
    ----------
    kind
        ``"box"``, ``"point"`` or ``"mask"``, several joined by ``+``; or ``"text"``: the
        category's name, which a grounding model turns into boxes.
    noisy
        A random pixel of the mask instead of the point, and noise on one corner of the box.
    point
        ``"mask-centre"``: the pixel farthest from the mask's border; ``"box-centre"``.
    corner_sigma, corner_unit
        Standard deviation of the corner's noise, as a ``"share"`` of the box's sides, or ``"px"``.
    cells
        A mask prompt is a sketch of cells x cells in the instance's box.
    box_threshold, nms_iou
        Least score of a text prompt's box, and the IoU above which the lower of two boxes goes.
    least_iou
        Below this IoU a text prompt's box is not the instance's.
    """

    kind: str
    noisy: bool = False
    point: str = "mask-centre"
    corner_sigma: float = 0.1
    corner_unit: str = "share"
    cells: int = 8
    box_threshold: float = 0.25
    nms_iou: float = 0.8
    least_iou: float = 0.5

    def __post_init__(self) -> None:
        _require(
            self.kind == "text" or (bool(self.parts) and set(self.parts) <= set(PARTS)),
            "kind",
            self.kind,
            f"one of {', '.join(KINDS)}, or some of the first three joined by +",
        )
        _require(self.point in POINTS, "point", self.point, f"one of {', '.join(POINTS)}")
        _require(
            self.corner_unit in UNITS, "corner_unit", self.corner_unit, f"one of {', '.join(UNITS)}"
        )
        _require(0 <= self.corner_sigma < math.inf, "corner_sigma", self.corner_sigma, "0 or more")
        _require(1 <= self.cells <= _MOST_CELLS, "cells", self.cells, f"from 1 to {_MOST_CELLS}")
        for name in ("box_threshold", "nms_iou", "least_iou"):
            value = getattr(self, name)
            _require(0 <= value <= 1, name, value, "a number from 0 to 1")

    @property
    def parts(self) -> tuple[str, ...]:
        """What a prompt consists of when it reaches the segmenter; a text's boxes are boxes."""
        return ("box",) if self.kind == "text" else tuple(sorted(set(self.kind.split("+"))))


@dataclass(frozen=True)
class WeakRecipe:
    """Prompts, and the noises (of categories) that follow; `noises` maps names to parameters."""

    name: str
    prompt: PromptSettings
    version: int = 1
    description: str = ""
    noises: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as in the YAML form, with every parameter spelled out."""
        return {
            "name": self.name,
            "version": self.version,
            "description": self.description,
            "prompt": asdict(self.prompt),
            "noises": {name: dict(values) for name, values in self.noises.items()},
            "provenance": dict(self.provenance),
        }


def weak_recipe_names() -> list[str]:
    """Names of the recipes that come with the package, tiers first."""
    tiers = ["wan-easy", "wan-mid", "wan-hard"]
    return tiers + sorted(name for name in _bundled() if name not in tiers)


def choose_weak(
    kind: str | None,
    tier: str | None,
    recipe: str | Path | None,
    overrides: Mapping[str, Any] | None = None,
) -> WeakRecipe | None:
    """The weak recipe that is asked for; None if it is a noise recipe.

    Parameters
    ----------
    kind
        A kind of prompt, instead of a tier or recipe.
    """
    if kind is not None:
        if tier is not None or recipe is not None:
            raise UsageError("give a kind of weak annotations, a tier or a recipe, not two of them")
        return kind_recipe(kind, overrides)
    chosen = tier if tier is not None else recipe
    if chosen is None or (tier is not None and recipe is not None) or not _is_weak(chosen):
        return None
    return load_weak_recipe(chosen, overrides)


def _is_weak(name: str | Path) -> bool:
    """Whether it is the name of a weak recipe, or a recipe file with a ``prompt`` section."""
    if not is_recipe_path(name):
        return str(name).startswith("wan-")
    try:
        return "prompt" in read_yaml(Path(name), "recipe")
    except (InputError, TypeError):
        return False  # the reader of noise recipes says what is wrong


def load_weak_recipe(name: str | Path, overrides: Mapping[str, Any] | None = None) -> WeakRecipe:
    """The weak recipe called `name`, or the one in the file `name`.

    Parameters
    ----------
    overrides
        ``"prompt.parameter"`` or ``"noise.parameter"`` to a value that replaces the recipe's.

    Raises
    ------
    InputError
        An unknown recipe or parameter, or a value that its parameter cannot have.
    """
    if is_recipe_path(name):
        document = read_recipe_file(Path(name), _Document, "prompt")
    elif str(name) in _bundled():
        document = dict(_bundled()[str(name)])
    else:
        raise InputError(f"unknown tier '{name}': {did_you_mean(str(name), weak_recipe_names())}")
    return _build(_override(document, overrides or {}))


def kind_recipe(kind: str, overrides: Mapping[str, Any] | None = None) -> WeakRecipe:
    """The recipe of prompts of one kind, or of a combination such as ``"box+point"``."""
    settings = PromptSettings(kind)
    document = {
        "name": "wan-" + ("text" if kind == "text" else "-".join(settings.parts)),
        "description": f"Prompts of kind {kind}.",
        "prompt": {"kind": kind},
    }
    return _build(_override(document, overrides or {}))


def _bundled() -> dict[str, dict[str, Any]]:
    return bundled_recipes("benchmark_n.configs.weak")


def _override(document: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    prompt = dict(document.get("prompt") or {})
    noises = {name: dict(values or {}) for name, values in (document.get("noises") or {}).items()}
    provenance = dict(document.get("provenance") or {})
    for key, value in overrides.items():
        section, dot, parameter = key.partition(".")
        if not dot:
            raise UsageError(f"cannot set '{key}': expected prompt.PARAMETER or NOISE.PARAMETER")
        (prompt if section == "prompt" else noises.setdefault(section, {}))[parameter] = value
        provenance[key] = "set by the user"
    return {**document, "prompt": prompt, "noises": noises, "provenance": provenance}


def _build(document: Mapping[str, Any]) -> WeakRecipe:
    name = str(document["name"])
    unknown = [key for key in document if key not in (*_KEYS, *_RESOLVED_KEYS)]
    if unknown:
        raise InputError(f"recipe {name}: {did_you_mean(str(unknown[0]), _KEYS)}")
    known = [parameter.name for parameter in fields(PromptSettings)]
    for parameter in document["prompt"]:
        if parameter not in known:
            raise InputError(
                f"prompt has no parameter '{parameter}': {did_you_mean(str(parameter), known)}"
            )
    try:
        prompt = msgspec.convert(document["prompt"], PromptSettings)
    except msgspec.ValidationError as error:
        raise InputError(f"recipe {name}: prompt: {str(error).replace('`$.', '`')}") from None
    return WeakRecipe(
        name=name,
        prompt=prompt,
        version=int(document.get("version", 1)),
        description=" ".join(str(document.get("description") or "").split()),
        noises=document.get("noises") or {},
        provenance={str(k): str(v) for k, v in (document.get("provenance") or {}).items()},
    )


def _require(valid: bool, parameter: str, value: object, expected: str) -> None:
    if not valid:
        raise InputError(f"prompt.{parameter} is {value!r}, expected {expected}")
