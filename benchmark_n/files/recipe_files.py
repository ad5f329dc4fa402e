"""Recipe files, of noises and of weak annotations: found, read, and checked for their form.

A recipe is a YAML document; a file of this package may hold several. Each kind tells its form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import yaml

from benchmark_n.errors import InputError, did_you_mean
from benchmark_n.files.json_yaml import read_yaml


@dataclass(frozen=True)
class RecipeForm:
    """What recipes of one kind look like.

    Parameters
    ----------
    document
        Types of a file's fields.
    package
        Whose YAML files are the recipes that come with this package.
    needed
        The section without which it is no such recipe.
    tiers
        Names to list first.
    aliases
        Other names of recipes.
    sections
        Sections of parameters beside the noises.
    plain
        Keys without parameters that the user may set.
    resolved
        What `make` adds to recipes of this kind alone.
    """

    document: type[msgspec.Struct]
    package: str
    needed: str
    tiers: tuple[str, ...]
    aliases: Mapping[str, str] = field(default_factory=dict)
    sections: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()
    resolved: tuple[str, ...] = ()

    def names(self) -> list[str]:
        """Names of the recipes that come with the package, tiers first."""
        return [*self.tiers, *sorted(set(bundled_recipes(self.package)) - set(self.tiers))]


def is_recipe_path(name: str | Path) -> bool:
    """Whether it is a file's path; else it is the name of a recipe of this package."""
    return isinstance(name, Path) or name.endswith((".yaml", ".yml")) or "/" in name


@cache
def bundled_recipes(package: str) -> dict[str, dict[str, Any]]:
    """Name to recipe, of the YAML files (each of one document or more) in a package's folder."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    paths = sorted(
        (p for p in files(package).iterdir() if p.name.endswith(".yaml")), key=lambda p: p.name
    )
    documents = [
        d for path in paths for d in yaml.load_all(path.read_text(encoding="utf-8"), Loader=loader)
    ]
    return {document["name"]: document for document in documents}


def read_recipe(form: RecipeForm, name: str | Path) -> dict[str, Any]:
    """The recipe called `name`, or the one in the file `name`.

    A file's recipe is called after the file where it has no name of its own. Keys that the form
    does not have are left to `benchmark_n.files.recipe_contents.with_settings`.

    Raises
    ------
    InputError
        No such recipe or file, or one that is none.
    """
    if is_recipe_path(name):
        return _read_file(form, Path(name))
    known = bundled_recipes(form.package)
    plain = form.aliases.get(str(name), str(name))
    if plain not in known:
        hint = did_you_mean(str(name), form.names())
        raise InputError(f"unknown tier or recipe '{name}': {hint}")
    return dict(known[plain])


def _read_file(form: RecipeForm, path: Path) -> dict[str, Any]:
    document = read_yaml(path, "recipe")
    if not isinstance(document, dict) or not isinstance(document.get(form.needed), dict):
        raise InputError(f"{path.name}: not a recipe: expected a mapping with '{form.needed}'")
    try:
        msgspec.convert(document, form.document)
    except msgspec.ValidationError as error:
        raise InputError(f"{path.name}: not a recipe: {error}") from None
    return {"name": path.stem, **document}
