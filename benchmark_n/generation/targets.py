"""Where a benchmark goes that no directory was named for.

``benchmarks/<source>-n-<recipe>-seed<seed>``, and with a weak recipe
``benchmarks/<source>-<recipe>-<segmenter>-seed<seed>``; sealed ones end in ``-sealed``. `<source>`
is the dataset's name, or the stem of the file that the user named; `<recipe>` its name, with eight
digits of a SHA-256 of the whole recipe where the name does not determine it: for settings of the
user's, and recipe files that differ from the package's recipe of that name.

What no name tells stays out of it as long as it can: which of two files of one stem, which split,
which images. Where the directory is there already and holds a benchmark of other annotations, or
in another form, it stays as it is, and eight digits of what is different follow `<source>`. A file
that is called like a dataset always has these digits. So two different files never go to one
directory, whether `overwrite` is asked for or not, and the same command goes to the same one.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmark_n.benchmark import layout, load
from benchmark_n.benchmark.seal import Seal
from benchmark_n.datasets import DATASETS
from benchmark_n.errors import InputError
from benchmark_n.files.recipe_files import is_recipe_path
from benchmark_n.noise.recipe import ALIASES, Recipe, load_recipe, recipe_names
from benchmark_n.weak.recipe import WeakRecipe, load_weak_recipe, weak_recipe_names

FOLDER = Path("benchmarks")
_DIGITS = 8
# Bytes of a part of the name: all of them, and what staging adds, have to fit in 255.
_LONGEST = 60
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Origin:
    """What tells benchmarks of one name apart: the clean annotations, form of masks, and ids.

    Parameters
    ----------
    sha256
        Of the annotation file.
    conventions
        The dataset whose conventions it is treated by, where it is not that dataset's own.
    crowds_as_instances
        Whether crowds were read as instances.
    verified
        What the recipe says of verified annotations.
    """

    sha256: str
    conventions: str | None
    masks: str
    keep_ids: bool = False
    crowds_as_instances: bool = False
    verified: Mapping[str, Any] | None = None

    @property
    def digits(self) -> str:
        """Eight digits for the name."""
        form: list[Any] = ["ids"] if self.keep_ids else []
        form += ["crowds as instances"] if self.crowds_as_instances else []
        form += [self.verified] if self.verified else []
        return _digits([self.sha256, self.conventions, self.masks, *form])


@dataclass(frozen=True)
class Asked:
    """How the user asked for a benchmark, as far as its name depends on it.

    Parameters
    ----------
    dataset, annotations
        The dataset's name, and the file where one was named.
    recipe
        The recipe's name, tier or file.
    only, overrides
        As in `benchmark_n.make`.
    segmenter, further
        With a weak recipe: who draws the masks, and what else these depend on (a grounding model,
        the benchmark that prompts come from).
    part
        Of the images, such as ``3/100``.
    """

    dataset: str
    annotations: Path | None = None
    recipe: str | Path = ""
    only: tuple[str, ...] = ()
    overrides: Mapping[str, Any] = field(default_factory=dict)
    segmenter: str = "grabcut"
    further: tuple[str, ...] = ()
    part: str | None = None


def default_target(
    asked: Asked, recipe: Recipe | WeakRecipe, seed: int | Seal, origin: Origin
) -> Path:
    """The directory of a benchmark that none was named for.

    Raises
    ------
    InputError
        Even the directory with the digits is another's.
    """
    label, marked = source_label(asked.dataset, asked.annotations)
    if isinstance(recipe, WeakRecipe):
        parts = weak_parts(recipe, asked)
    else:
        parts = noise_parts(recipe, asked)
    part = [f"part{asked.part.replace('/', 'of')}"] if asked.part else []
    rest = "-".join([*parts, "sealed" if isinstance(seed, Seal) else f"seed{seed}", *part])
    plain = FOLDER / f"{label}-{rest}"
    whose = None if marked else _other(plain, origin)
    if not marked and whose is None:
        return plain
    chosen = FOLDER / f"{label}-{origin.digits}-{rest}"
    other = _other(chosen, origin)
    if other is not None:
        raise InputError(f"{chosen}: holds a benchmark of {other}: name another directory (`out`)")
    if whose is not None:
        _log.warning("%s: holds a benchmark of %s: this one goes to %s", plain, whose, chosen)
    return chosen


def refuse_inputs_in(target: Path, *inputs: Path) -> None:
    """Refuse to write where what is read lies: an output replaces all that is there.

    Raises
    ------
    InputError
        One of `inputs` lies in the directory.
    """
    for path in inputs:
        if target.resolve() in path.resolve().parents:
            raise InputError(f"{path}: lies in the output {target}: name another by `out`")


def _other(path: Path, origin: Origin) -> str | None:
    """Whose benchmark is in the directory, where it is not of `origin`; None if there is none."""
    if not (path / layout.RECIPE).is_file():
        return None
    try:
        recipe = load(path).recipe
    except InputError:
        return "a recipe that cannot be read"
    source = recipe["source"]
    there = Origin(
        source["sha256"],
        source.get("conventions"),
        recipe["masks"],
        "ids" in recipe.get("leak", ()),
        bool(source.get("crowds_as_instances")),
        recipe.get("verified"),
    )
    if there == origin:
        return None
    crowds = ", crowds read as instances" if there.crowds_as_instances else ""
    crowds += ", with verified annotations" if there.verified else ""
    sha256 = source["sha256"][:_DIGITS]
    return f"{source['file']} (SHA-256 {sha256}…, masks {recipe['masks']}{crowds})"


def source_label(dataset: str, annotations: Path | None) -> tuple[str, bool]:
    """`<source>` of the name, and whether it needs digits: a file that is called like a dataset."""
    if annotations is None:
        return dataset, False
    label = clean(annotations.stem)
    return label, label.casefold() in DATASETS.names()


def noise_parts(recipe: Recipe, asked: Asked) -> list[str]:
    """What follows `<source>` with a noise recipe, but the seed."""
    name = ALIASES.get(recipe.name, recipe.name)
    plain = None
    if name in recipe_names():
        own = load_recipe(name)
        kept = [noise.name for noise in own.noises if noise.name in asked.only]
        plain = load_recipe(name, only=kept).to_dict()
    only = ["only", *asked.only] if asked.only else []
    return ["n", clean(name), *only, *_mark(recipe.to_dict(), plain, asked)]


def weak_parts(recipe: WeakRecipe, asked: Asked) -> list[str]:
    """What follows `<source>` with a weak recipe, but the seed."""
    known = recipe.name in weak_recipe_names()
    plain = load_weak_recipe(recipe.name).to_dict() if known else None
    further = [_digits(asked.further)] if asked.further else []
    mark = _mark(recipe.to_dict(), plain, asked)
    return [clean(recipe.name), *mark, clean(asked.segmenter.rstrip("/")), *further]


def clean(text: str) -> str:
    """Text as a part of a file's name: letters, digits, dots, dashes and underscores, not too long.

    >>> clean("../my cats (2)")
    'my-cats--2-'
    """
    kept = "".join(c if c.isalnum() or c in "-._" else "-" for c in text).lstrip(".-")
    if len(kept.encode()) <= _LONGEST:
        return kept or "unnamed"
    return f"{kept.encode()[: _LONGEST - _DIGITS - 1].decode(errors='ignore')}-{_digits(text)}"


def _mark(recipe: Mapping[str, Any], plain: Mapping[str, Any] | None, asked: Asked) -> list[str]:
    """Digits of a recipe that is not what its name says."""
    if asked.overrides:
        return ["custom", _digits(recipe)]
    return [_digits(recipe)] if is_recipe_path(asked.recipe) and recipe != plain else []


def _digits(values: Any) -> str:
    text = json.dumps(values, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
