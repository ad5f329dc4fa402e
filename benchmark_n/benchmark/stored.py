"""What a benchmark's recipe and environment have to hold, as this package reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from benchmark_n.errors import InputError
from benchmark_n.files.json_yaml import read_yaml


class _Source(msgspec.Struct):
    file: str
    sha256: str
    conventions: str | None = None
    licence: str | None = None


class Environment(msgspec.Struct, frozen=True, rename={"benchmark_n": "benchmark-n"}):
    """What `benchmark_n.files.provenance.environment` tells."""

    benchmark_n: str
    python: str
    platform: str
    libraries: dict[str, str | None]


class _Recipe(msgspec.Struct):
    """What this package reads of a benchmark's recipe."""

    name: str
    benchmark: str
    dataset: str
    source: _Source
    noises: dict[str, dict[str, Any]]
    masks: Literal["rle", "polygon", "keep"]
    dilation_ratio: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.02
    detection: bool = True
    version: int = 1
    seed: int | None = None
    sealed: bool = False
    leak: tuple[Annotated[str, msgspec.Meta(pattern="^[a-z_]{1,40}$")], ...] = ()
    segmenter: dict[str, str | None] | None = None
    grounder: dict[str, str | None] | None = None
    prompts_from: dict[str, Any] | None = None
    keep_fields: list[str] = []


def read_recipe(path: Path) -> dict[str, Any]:
    """All of a benchmark's recipe, checked where this package reads it.

    Raises
    ------
    InputError
        Not the recipe of a benchmark.
    """
    recipe = read_yaml(path, "recipe")
    try:
        checked = msgspec.convert(recipe, _Recipe)
    except msgspec.ValidationError as error:
        raise InputError(f"{path}: not the recipe of a benchmark: {error}") from None
    # Files are named after both: a recipe from elsewhere may not lead out of a folder.
    for key, name in (("source.file", checked.source.file), ("name", checked.name)):
        if name in ("", "..") or Path(name).name != name:
            raise InputError(f"{path}: {key} is '{name:.80}', expected a file's name alone")
    return dict(recipe)
