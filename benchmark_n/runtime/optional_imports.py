"""Packages that only some parts need."""

from __future__ import annotations

import importlib
from typing import Any

from benchmark_n.errors import InputError


def import_extra(module: str, extra: str, what: str) -> Any:
    """Import `module`; where it is missing, the error names the extra that brings it.

    Raises
    ------
    InputError
        `module` is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != module.partition(".")[0]:
            raise
        raise InputError(
            f"{what} needs {error.name}: run pip install 'benchmark-n[{extra}]'"
        ) from None
