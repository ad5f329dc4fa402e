"""Limits of what is read, which the environment may raise."""

from __future__ import annotations

import os

from benchmark_n.errors import UsageError

MAX_PIXELS = "BENCHMARK_N_MAX_PIXELS"
MAX_TABLE_BYTES = "BENCHMARK_N_MAX_TABLE_BYTES"
MAX_UNPACKED_BYTES = "BENCHMARK_N_MAX_UNPACKED_BYTES"
DEFAULTS = {MAX_PIXELS: 10**8, MAX_TABLE_BYTES: 2 * 10**9, MAX_UNPACKED_BYTES: 10**10}


def limit(name: str) -> int:
    """The limit in the environment variable `name`, else the package's own.

    Raises
    ------
    UsageError
        The variable is no positive whole number.
    """
    text = os.environ.get(name)
    if not text:
        return DEFAULTS[name]
    if not (text.isascii() and text.isdigit() and int(text[:18])):
        raise UsageError(f"{name} is '{text:.40}', expected a whole number above 0")
    return int(text[:18])
