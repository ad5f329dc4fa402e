"""Small networks of different shape, trained from scratch, for images too small for a backbone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmark_n.coco.pixels import Pixels
from benchmark_n.errors import InputError, did_you_mean
from benchmark_n.evidence.saliency.lesson import Explained, Lesson
from benchmark_n.evidence.saliency.training import Recipe, Trainer, train_and_explain
from benchmark_n.runtime.optional_imports import import_extra
from benchmark_n.runtime.progress import Progress

VERSION = 2
EPOCHS = 12
SIZES = (16, 32)
_PEAK = 4e-3
# Name to (width, side of the kernel, convolutions) of the stages; a pooling between two stages.
SHAPES = {
    "plain": ((16, 3, 1), (32, 3, 1), (64, 3, 1)),
    "wide": ((24, 5, 1), (48, 3, 1)),
    "deep": ((12, 3, 2), (24, 3, 2), (48, 3, 1)),
    "slim": ((16, 5, 1), (32, 5, 1), (32, 3, 1)),
    "long": ((16, 3, 2), (32, 3, 2)),
}


@dataclass(frozen=True)
class Builder:
    """Builds the network called `shape` of `num_categories` with random weights."""

    shape: str
    num_categories: int

    def __call__(self) -> Any:
        from benchmark_n.nets.small_classifier import SmallClassifier

        return SmallClassifier(SHAPES[self.shape], self.num_categories)


def explain_scratch(
    shape: str,
    crops: Pixels,
    lesson: Lesson,
    *,
    epochs: int = EPOCHS,
    device: str = "cpu",
    progress: Progress | None = None,
) -> Explained:
    """Train the network called `shape` for each split, and explain what it predicts.

    Parameters
    ----------
    crops
        uint8 (N, S, S, 3).

    Raises
    ------
    InputError
        An unknown shape, or PyTorch is not installed.
    """
    if shape not in SHAPES:
        raise InputError(f"unknown network 'scratch:{shape}': {did_you_mean(shape, SHAPES)}")
    import_extra("torch", "deep", f"training scratch:{shape}")
    build = Builder(shape, lesson.num_categories)
    values = crops.astype(np.float32).transpose(0, 3, 1, 2) / 127.5 - 1
    trainer = Trainer(values, build, lesson, Recipe(epochs, _PEAK), device)
    return train_and_explain(trainer, progress)


def pixel_tensor(crops: Pixels) -> Any:
    """Crops uint8 (n, S, S, 3) as float32 (n, 3, S, S), -1 to 1."""
    import torch

    return torch.from_numpy(crops).permute(0, 3, 1, 2).float() / 127.5 - 1
