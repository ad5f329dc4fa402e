"""Packages that only some parts need."""

from __future__ import annotations

import importlib
from contextlib import AbstractContextManager
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
            f"{what} needs {error.name}: run pip install '.[{extra}]' in the clone"
        ) from None


def one_thread(what: str) -> AbstractContextManager[Any]:
    """While it is entered, OpenMP has one thread: on busy cores several wait for one another.

    Raises
    ------
    InputError
        `threadpoolctl`, which comes with scikit-learn, is not installed.

    Examples
    --------
    >>> with one_thread("the example"):
    ...     pass
    """
    limits: AbstractContextManager[Any] = import_extra(
        "threadpoolctl", "detect", what
    ).threadpool_limits(1, "openmp")
    return limits
