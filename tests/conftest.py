"""Where the shared real data lie, if they do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_DEFAULT = Path(__file__).resolve().parents[1] / "../shared/data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real samples; the test is skipped where there is none."""
    folder = Path(os.environ.get("BENCHMARK_N_SHARED_DATA", _DEFAULT))
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder} (set BENCHMARK_N_SHARED_DATA)")
    return folder
