"""What recipes hold, whatever their kind: keys, the user's settings over them, parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

import msgspec

from benchmark_n.errors import InputError, did_you_mean
from benchmark_n.files.recipe_files import RecipeForm

Parameters = TypeVar("Parameters")
# What `make` adds to the recipe that it used; such a file is a recipe like any other.
_RESOLVED = (
    *("benchmark", "dataset", "noise_versions", "seed", "masks", "dilation_ratio", "detection"),
    *("source", "sealed", "leak", "keep_fields"),
)


def with_settings(
    form: RecipeForm, document: Mapping[str, Any], overrides: Mapping[str, Any]
) -> dict[str, Any]:
    """A copy of the document, all keys known, with the user's settings and their provenance.

    Parameters
    ----------
    overrides
        ``"section.parameter"`` or a plain key to a value that replaces the recipe's.

    Raises
    ------
    InputError
        An unknown key, or a setting of what cannot be set.
    """
    known = form.document.__struct_fields__
    for key in document:
        if key not in (*known, *_RESOLVED, *form.resolved):
            raise InputError(
                f"recipe {document['name']}: unknown key '{key}': {did_you_mean(str(key), known)}"
            )
    noises = {name: dict(values or {}) for name, values in (document.get("noises") or {}).items()}
    provenance = {str(k): str(v) for k, v in (document.get("provenance") or {}).items()}
    result = {**document, "noises": noises, "provenance": provenance}
    result |= {section: dict(document.get(section) or {}) for section in form.sections}
    for key, value in overrides.items():
        section, dot, parameter = key.partition(".")
        if dot:
            own = result[section] if section in form.sections else noises.setdefault(section, {})
            own[parameter] = value
            provenance[key] = "set by the user"
        elif key in form.plain:
            result[key] = value
        else:
            raise InputError(f"cannot set '{key}': expected {_settable(form)}")
    return result


def heading(document: Mapping[str, Any]) -> dict[str, Any]:
    """What recipes of all kinds say of themselves, for the fields of their classes."""
    return {
        "name": str(document["name"]),
        "version": int(document.get("version", 1)),
        "description": " ".join(str(document.get("description") or "").split()),
        "provenance": document["provenance"],
    }


def decode_parameters(
    kind: type[Parameters], section: str, values: Mapping[str, Any]
) -> Parameters:
    """A section's parameters as an object of the dataclass `kind`, of the right names and types.

    Raises
    ------
    InputError
        An unknown or missing parameter, or a value that it cannot have.
    """
    known = [parameter.name for parameter in fields(kind)]  # type: ignore[arg-type]
    for name in values:
        if name not in known:
            raise InputError(
                f"{section} has no parameter '{name}': {did_you_mean(str(name), known)}"
            )
    try:
        return msgspec.convert(dict(values), kind)
    except msgspec.ValidationError as error:
        raise InputError(f"{section}: {str(error).replace('`$.', '`')}") from None


def _settable(form: RecipeForm) -> str:
    named = [f"{section}.PARAMETER" for section in (*form.sections, "NOISE")] + list(form.plain)
    return " or ".join(filter(None, (", ".join(named[:-1]), named[-1])))
