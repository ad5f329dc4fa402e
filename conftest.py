"""Fixtures of tests and of the examples in docstrings: nothing is written to the user's folders."""

from __future__ import annotations

import gc
import os

import pytest

# One thread a process: pytest-xdist starts as many as there are cores, and threads beyond that wait
# for one another at full load. Before NumPy and torch are imported, which read it then.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_finish() -> None:
    """Modules that are imported by now stay: whoever collects garbage need not go through them."""
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Embedded datasets are drawn into the session's own folder."""
    os.environ["BENCHMARK_N_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(autouse=True)
def _own_folder(request: pytest.FixtureRequest) -> None:
    """An example runs in an empty folder, so that it reads as a reader would type it."""
    if isinstance(request.node, pytest.DoctestItem):
        place = request.getfixturevalue("tmp_path")
        request.getfixturevalue("monkeypatch").chdir(place)
