"""A training that was stopped goes on with the random draws that it would have made."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch
from mmengine.hooks import Hook

_KEY = "random_states"


class RandomStatesHook(Hook):
    """Keep the states of the global generators in each checkpoint, and set them when it is loaded.

    MMEngine and MMDetection draw flips, proposals and orders from the generators of Python, NumPy
    and PyTorch. A checkpoint of MMEngine lacks their states, so that a training that was taken up
    again gave other weights than one that was not disturbed. Validation does not count: it leaves
    the states as they were.
    """

    def __init__(self) -> None:
        self._loaded: dict[str, Any] | None = None
        self._before_val: dict[str, Any] = {}

    def before_save_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """Add the states to what is saved."""
        checkpoint[_KEY] = _states()

    def after_load_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """Keep the states until the first epoch begins: building the loop draws, too."""
        self._loaded = checkpoint.get(_KEY)

    def before_train_epoch(self, runner: Any) -> None:
        """Set them, once."""
        if self._loaded is not None:
            _set_states(self._loaded)
            self._loaded = None

    def before_val(self, runner: Any) -> None:
        """Remember them."""
        self._before_val = _states()

    def after_val(self, runner: Any) -> None:
        """Set them back."""
        _set_states(self._before_val)


def _states() -> dict[str, Any]:
    return {
        "python": random.getstate(),
        "numpy": np.random.get_state(),  # noqa: NPY002  MMDetection draws from it
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def _set_states(states: dict[str, Any]) -> None:
    random.setstate(states["python"])
    np.random.set_state(states["numpy"])  # noqa: NPY002  as above
    torch.set_rng_state(states["torch"].cpu())
    if len(states["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all([state.cpu() for state in states["cuda"]])
