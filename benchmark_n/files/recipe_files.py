"""Recipe files, of noises and of weak annotations: found, read, and checked for their form."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import yaml

from benchmark_n.errors import InputError
from benchmark_n.files.json_yaml import read_yaml


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


def read_recipe_file(path: Path, form: type[msgspec.Struct], needed: str) -> dict[str, Any]:
    """The recipe in a file, which is called after the file where it has no name of its own.

    Parameters
    ----------
    form
        Types of the fields; fields that it does not have are left to the caller.
    needed
        The section without which it is no such recipe.

    Raises
    ------
    InputError
        No such file, or no such recipe in it.
    """
    document = read_yaml(path, "recipe")
    if not isinstance(document, dict) or not isinstance(document.get(needed), dict):
        raise InputError(f"{path.name}: not a recipe: expected a mapping with '{needed}'")
    try:
        msgspec.convert(document, form)
    except msgspec.ValidationError as error:
        raise InputError(f"{path.name}: not a recipe: {error}") from None
    return {"name": path.stem, **document}
