"""Recipes: named, versioned sets of noise parameters.

A recipe is a YAML document under ``configs/noise`` (a file may hold several). A tier is a recipe's
name; ``low``, ``medium`` and ``high`` are other names for ``easy``, ``mid`` and ``hard``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import msgspec

from benchmark_n.errors import InputError, did_you_mean
from benchmark_n.files.recipe_files import bundled_recipes, is_recipe_path, read_recipe_file
from benchmark_n.noise.base import NOISES, Noise
from benchmark_n.noise.where import Where

SCHEMES = ("independent", "one-spatial")
BOXES = ("mask", "keep")
ALIASES = {"low": "easy", "medium": "mid", "high": "hard"}
_KEYS = (
    "name",
    "version",
    "description",
    "scheme",
    "boxes",
    "noises",
    "where",
    "provenance",
    "departures",
)
# What `make` adds to the recipe that it used; such a file is a recipe like any other.
_RESOLVED_KEYS = (
    "benchmark",
    "dataset",
    "noise_versions",
    "seed",
    "masks",
    "dilation_ratio",
    "detection",
    "source",
)


class _Document(msgspec.Struct):
    """Types of a recipe file's fields."""

    noises: dict[str, dict[str, Any] | None]
    name: str = ""
    version: int = 1
    description: str | None = None
    scheme: str = ""
    boxes: str = ""
    where: dict[str, Any] | None = None
    provenance: dict[str, Any] | None = None
    departures: list[str] | None = None


@dataclass(frozen=True)
class Recipe:
    """What `make` does to annotations.

    Parameters
    ----------
    noises
        Applied in this order.
    scheme
        ``"independent"``: each noise is drawn for itself. ``"one-spatial"``: at most one spatial
        noise an instance, chosen by the noises' probabilities.
    boxes
        ``"mask"``: ``bbox`` follows the noisy mask. ``"keep"``: the clean ``bbox`` stays, which
        gives the noise away, so that the benchmark is not fit for detection.
    provenance
        ``noise.parameter`` to where its value comes from.
    departures
        What differs from the published procedure that the recipe follows, if it follows one.
    where
        Noise name to what it is restricted to: ``category`` names, or values of a field of the
        image record; elsewhere it is not drawn.
    """

    name: str
    noises: tuple[Noise, ...]
    version: int = 1
    description: str = ""
    scheme: str = "independent"
    boxes: str = "mask"
    provenance: Mapping[str, str] | None = None
    departures: tuple[str, ...] = ()
    where: Mapping[str, Where] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.scheme not in SCHEMES:
            raise InputError(
                f"recipe {self.name}: scheme is '{self.scheme}', expected one of "
                f"{', '.join(SCHEMES)}"
            )
        if self.boxes not in BOXES:
            raise InputError(
                f"recipe {self.name}: boxes is '{self.boxes}', expected one of {', '.join(BOXES)}"
            )
        total = sum(noise.probability for noise in self.noises if noise.kind == "spatial")
        if self.scheme == "one-spatial" and total > 1 + 1e-9:
            raise InputError(
                f"recipe {self.name}: the spatial noises' probabilities add to "
                f"{total:g}, expected at most 1 in scheme one-spatial"
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as in the YAML form, with every parameter and noise version spelled out."""
        return {
            "name": self.name,
            "version": self.version,
            "description": self.description,
            "scheme": self.scheme,
            "boxes": self.boxes,
            "noises": {noise.name: asdict(noise) for noise in self.noises},
            **({"where": _plain(self.where)} if self.where else {}),
            "noise_versions": {noise.name: noise.version for noise in self.noises},
            "provenance": dict(self.provenance or {}),
            "departures": list(self.departures),
        }


def recipe_names() -> list[str]:
    """Names of the recipes that come with the package, tiers first."""
    tiers = ["clean", *ALIASES.values()]
    return tiers + sorted(name for name in _bundled() if name not in tiers)


def load_recipe(
    name: str | Path, *, only: Iterable[str] = (), overrides: Mapping[str, Any] | None = None
) -> Recipe:
    """The recipe called `name`, or the one in the file `name`.

    Parameters
    ----------
    only
        Keep these noises alone.
    overrides
        ``"noise.parameter"`` (or ``"boxes"``, ``"scheme"``) to a value that replaces the recipe's.

    Raises
    ------
    InputError
        An unknown recipe, noise or parameter, or a value that its parameter cannot have.
    """
    if is_recipe_path(name):
        document = read_recipe_file(Path(name), _Document, "noises")
    else:
        document = _named(str(name))
    document = _override(document, overrides or {})
    return _restrict(_build(document), tuple(only))


def _named(name: str) -> dict[str, Any]:
    canonical = ALIASES.get(name, name)
    if canonical not in _bundled():
        raise InputError(f"unknown tier or recipe '{name}': {did_you_mean(name, recipe_names())}")
    return dict(_bundled()[canonical])


def _bundled() -> dict[str, dict[str, Any]]:
    return bundled_recipes("benchmark_n.configs.noise")


def _override(document: dict[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    noises = {name: dict(values or {}) for name, values in document["noises"].items()}
    result = {**document, "noises": noises, "provenance": dict(document.get("provenance") or {})}
    for key, value in overrides.items():
        noise, dot, parameter = key.partition(".")
        if dot:
            noises.setdefault(noise, {})[parameter] = value
            result["provenance"][key] = "set by the user"
        elif key in ("boxes", "scheme"):
            result[key] = value
        else:
            raise InputError(f"cannot set '{key}': expected NOISE.PARAMETER, boxes or scheme")
    return result


def _build(document: Mapping[str, Any]) -> Recipe:
    name = str(document["name"])
    unknown = [key for key in document if key not in (*_KEYS, *_RESOLVED_KEYS)]
    if unknown:
        raise InputError(
            f"recipe {name}: unknown key '{unknown[0]}': {did_you_mean(str(unknown[0]), _KEYS)}"
        )
    return Recipe(
        name=name,
        noises=tuple(build_noise(n, v or {}) for n, v in document["noises"].items()),
        version=int(document.get("version", 1)),
        description=" ".join(str(document.get("description") or "").split()),
        scheme=str(document.get("scheme", "independent")),
        boxes=str(document.get("boxes", "mask")),
        provenance={str(k): str(v) for k, v in (document.get("provenance") or {}).items()},
        departures=tuple(str(line) for line in document.get("departures") or ()),
        where=_build_where(name, document.get("where") or {}, document["noises"]),
    )


def _build_where(
    recipe: str, document: Mapping[str, Any], noises: Mapping[str, Any]
) -> dict[str, Where]:
    for noise, conditions in document.items():
        if noise not in noises:
            raise InputError(f"recipe {recipe}: where: {did_you_mean(str(noise), noises)}")
        valid = isinstance(conditions, dict) and all(
            isinstance(values, list) and values for values in conditions.values()
        )
        if not valid:
            raise InputError(
                f"recipe {recipe}: where.{noise} is {conditions!r:.80}, expected lists of values "
                "by 'category' or a field of the images"
            )
    return {
        noise: {str(key): tuple(values) for key, values in conditions.items()}
        for noise, conditions in document.items()
    }


def _plain(where: Mapping[str, Where]) -> dict[str, dict[str, list[Any]]]:
    return {
        noise: {key: list(values) for key, values in conditions.items()}
        for noise, conditions in where.items()
    }


def build_noise(name: str, parameters: Mapping[str, Any]) -> Noise:
    """The noise called `name` with these parameters, all checked."""
    kind = NOISES.load(name)
    known = [parameter.name for parameter in fields(kind)]
    for parameter in parameters:
        if parameter not in known:
            raise InputError(
                f"{name} has no parameter '{parameter}': {did_you_mean(str(parameter), known)}"
            )
    try:
        noise: Noise = msgspec.convert(dict(parameters), kind)
    except msgspec.ValidationError as error:
        raise InputError(f"{name}: {str(error).replace('`$.', '`')}") from None
    return noise


def _restrict(recipe: Recipe, only: tuple[str, ...]) -> Recipe:
    names = [noise.name for noise in recipe.noises]
    for name in only:
        if name not in names:
            raise InputError(
                f"recipe {recipe.name} has no noise '{name}': {did_you_mean(name, names)}"
            )
    if not only:
        return recipe
    return replace(
        recipe,
        noises=tuple(n for n in recipe.noises if n.name in only),
        where={name: value for name, value in recipe.where.items() if name in only},
    )
