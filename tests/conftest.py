"""Fixtures of all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real samples; tests that need it are skipped where it is absent."""
    default = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("BENCHMARK_N_SHARED_DATA", default))
    if not folder.is_dir():
        pytest.skip(f"no sample data at {folder}: set BENCHMARK_N_SHARED_DATA")
    return folder
