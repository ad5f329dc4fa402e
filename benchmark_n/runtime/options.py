"""Options objects out of flat keywords, as the command line and YAML files have them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import fields
from numbers import Integral
from typing import Any, TypeVar

from benchmark_n.errors import UsageError, did_you_mean

Options = TypeVar("Options")


def fill(kind: type[Options], values: Mapping[str, Any]) -> Options:
    """The options object of a frozen dataclass, out of some of its fields by name.

    Raises
    ------
    UsageError
        A name that is none of its fields, or a value that the class refuses.

    Examples
    --------
    >>> from benchmark_n.runtime.execution import Execution
    >>> fill(Execution, {"workers": 2}).workers
    2
    """
    options: Options = fill_each({"options": kind}, values)["options"]
    return options


def fill_each(kinds: Mapping[str, type[Any]], values: Mapping[str, Any]) -> dict[str, Any]:
    """Options objects of several classes that share no field, out of one flat mapping.

    Parameters
    ----------
    kinds
        What the objects are called in the result, to their classes.
    values
        Names of fields to values; fields that it lacks have their defaults.

    Raises
    ------
    UsageError
        A name that is a field of none of the classes, or a value that its class refuses.
    """
    own = {name: [field.name for field in fields(kind)] for name, kind in kinds.items()}
    known = [field for names in own.values() for field in names]
    for name in values:
        if name not in known:
            raise UsageError(f"unknown option '{name}': {did_you_mean(str(name), known)}")
    return {
        name: kind(**{field: values[field] for field in own[name] if field in values})
        for name, kind in kinds.items()
    }


def check_whole(name: str, value: object, *, least: int | None = None) -> None:
    """Refuse what is not a whole number, or is below `least`.

    Raises
    ------
    UsageError
        Names the parameter, what was found and what was expected.
    """
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise UsageError(f"{name} is {value!r:.40}, expected a whole number")
    if least is not None and value < least:
        raise UsageError(f"{name} is {value}, expected {least} or more")


def check_regex(name: str, value: str) -> None:
    """Refuse what is no regular expression.

    Raises
    ------
    UsageError
        Names the parameter, and what is wrong with it.
    """
    try:
        re.compile(value)
    except re.error as fault:
        raise UsageError(f"{name} is '{value:.40}', no regular expression: {fault}") from None


def check_known(name: str, value: object, known: Collection[object]) -> None:
    """Refuse a value that is none of the known ones.

    Raises
    ------
    UsageError
        Names the parameter, what was found and what it may be.
    """
    if value not in known:
        expected = ", ".join(map(str, known))
        raise UsageError(f"{name} must be one of {expected}, but got '{value}'")
