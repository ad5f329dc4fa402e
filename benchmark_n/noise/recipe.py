"""Recipes: named, versioned sets of noise parameters.

A recipe is a YAML document under ``configs/noise`` (a file may hold several). A tier is a recipe's
name; ``low``, ``medium`` and ``high`` are other names for ``easy``, ``mid`` and ``hard``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from benchmark_n.errors import InputError, did_you_mean
from benchmark_n.files.recipe_contents import decode_parameters, heading, with_settings
from benchmark_n.files.recipe_files import RecipeForm, is_recipe_path, read_recipe
from benchmark_n.noise.base import NOISES, Noise
from benchmark_n.noise.confusion_matrix import read_matrix
from benchmark_n.noise.where import Where, build_where, plain_where

SCHEMES = ("independent", "one-spatial")
BOXES = ("mask", "keep")
EMPTY_MASKS = ("never", "allowed")
_MATRIX = "class_confusion.matrix"
ALIASES = {"low": "easy", "medium": "mid", "high": "hard"}


class _Document(msgspec.Struct, kw_only=True):
    """Types of a recipe file's fields."""

    name: str = ""
    version: int = 1
    description: str | None = None
    scheme: str = ""
    boxes: str = ""
    empty_masks: str = ""
    noises: dict[str, dict[str, Any] | None]
    where: dict[str, Any] | None = None
    provenance: dict[str, Any] | None = None
    departures: list[str] | None = None


_FORM = RecipeForm(
    _Document,
    "benchmark_n.configs.noise",
    "noises",
    tiers=("clean", *ALIASES.values()),
    aliases=ALIASES,
    plain=("boxes", "empty_masks", "scheme"),
)


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
    empty_masks
        ``"never"``: a noise that would leave no pixel is not applied. ``"allowed"``: it is.
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
    empty_masks: str = "never"
    provenance: Mapping[str, str] | None = None
    departures: tuple[str, ...] = ()
    where: Mapping[str, Where] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for key, known in (("scheme", SCHEMES), ("boxes", BOXES), ("empty_masks", EMPTY_MASKS)):
            if getattr(self, key) not in known:
                raise InputError(
                    f"recipe {self.name}: {key} is '{getattr(self, key)}', expected one of "
                    f"{', '.join(known)}"
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
            "empty_masks": self.empty_masks,
            "noises": {noise.name: asdict(noise) for noise in self.noises},
            **({"where": plain_where(self.where)} if self.where else {}),
            "noise_versions": {noise.name: noise.version for noise in self.noises},
            "provenance": dict(self.provenance or {}),
            "departures": list(self.departures),
        }


def recipe_names() -> list[str]:
    """Names of the recipes that come with the package, tiers first."""
    return _FORM.names()


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
    folder = Path(name).parent if is_recipe_path(name) else Path()
    document = _with_matrix(read_recipe(_FORM, name), folder)
    settings = dict(overrides or {})
    if isinstance(settings.get(_MATRIX), str | Path):
        settings[_MATRIX] = read_matrix(Path(settings[_MATRIX]))
    return _restrict(_build(with_settings(_FORM, document, settings)), tuple(only))


def _with_matrix(document: Mapping[str, Any], folder: Path) -> Mapping[str, Any]:
    """The document with the rows of the confusion matrix whose file, in `folder`, it names."""
    noise, _, parameter = _MATRIX.partition(".")
    values = document["noises"].get(noise) or {}
    name = values.get(parameter)
    if not isinstance(name, str):
        return document
    noises = {**document["noises"], noise: {**values, parameter: read_matrix(folder / name)}}
    provenance = dict(document.get("provenance") or {})
    provenance[_MATRIX] = f"{provenance.get(_MATRIX, 'given')} ({Path(name).name})"
    return {**document, "noises": noises, "provenance": provenance}


def _build(document: Mapping[str, Any]) -> Recipe:
    noises = document["noises"]
    return Recipe(
        **heading(document),
        noises=tuple(build_noise(name, values) for name, values in noises.items()),
        scheme=str(document.get("scheme", "independent")),
        boxes=str(document.get("boxes", "mask")),
        empty_masks=str(document.get("empty_masks", "never")),
        departures=tuple(str(line) for line in document.get("departures") or ()),
        where=build_where(str(document["name"]), document.get("where") or {}, noises),
    )


def build_noise(name: str, parameters: Mapping[str, Any]) -> Noise:
    """The noise called `name` with these parameters, all checked."""
    kind: type[Noise] = NOISES.load(name)
    return decode_parameters(kind, name, parameters)


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
