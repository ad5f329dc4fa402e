"""The cache of whoever runs the tests: for weights, which no test fetches."""

from __future__ import annotations

import pytest

from benchmark_n.errors import InputError
from benchmark_n.evidence.detections.package import graph_file
from benchmark_n.files.cache import cache_folder

# Read when the tests are collected: while they run, they have a cache of their own.
CACHE = cache_folder()


def use_packaged(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """The users' cache for this test, which is skipped where a detector's weights are not in it."""
    monkeypatch.setenv("BENCHMARK_N_CACHE", str(CACHE))
    for name in names:
        try:
            graph_file(name)
        except InputError as fault:
            pytest.skip(f"not in the cache: {fault}")
