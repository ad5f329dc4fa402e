"""What a training is asked to do, and what is refused."""

from __future__ import annotations

import pytest

from benchmark_n.errors import UsageError
from benchmark_n.training.options import RunOptions


def test_a_run_is_on_a_device_that_there_is() -> None:
    assert RunOptions().device == "auto"
    with pytest.raises(UsageError, match="device must be one of auto, cpu, cuda, but got 'gpu'"):
        RunOptions(device="gpu")
