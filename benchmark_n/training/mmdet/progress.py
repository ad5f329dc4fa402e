"""Iterations done, for a progress bar."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mmengine.hooks import Hook


class ProgressHook(Hook):
    """Call a function with (iterations done, iterations in all) after each one."""

    def __init__(self, progress: Callable[[int, int], None]) -> None:
        self._progress = progress

    def after_train_iter(self, runner: Any, batch_idx: int, *rest: Any, **more: Any) -> None:
        """Tell it."""
        self._progress(runner.iter + 1, runner.max_iters)
