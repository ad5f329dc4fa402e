"""What the classifiers of the evidence ``saliency`` learn, and what each says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evidence.evidence import Floats, Ints
from benchmark_n.evidence.options import Target
from benchmark_n.evidence.saliency.grad_cam import GRID


@dataclass(frozen=True)
class Split:
    """One training.

    Parameters
    ----------
    train
        bool (N,): annotations to learn from.
    watched
        bool (N,): annotations by whose loss the epoch is chosen; none: the last one.
    places
        int64 (n,): annotations to predict and explain.
    number
        Which training of the lesson it is.
    """

    train: NDArray[np.bool_]
    watched: NDArray[np.bool_]
    places: Ints
    number: int


@dataclass(frozen=True)
class Lesson:
    """What a classifier learns, and what its maps are of.

    Parameters
    ----------
    labels
        int64 (N,), below `num_categories`.
    folds
        int64 (N,).
    in_sample
        One training whose annotations are predicted too, stopped early by the loss of the first
        fold, which it does not learn from; else one for each fold, which is held out.
    target
        The category whose evidence the maps show.
    layer
        Name of a module inside the network; None is its last convolution.
    """

    labels: Ints
    num_categories: int
    folds: Ints
    in_sample: bool = False
    target: Target = "predicted"
    layer: str | None = None
    seed: int = 0
    workers: int | None = None

    def splits(self) -> Iterator[Split]:
        """The trainings."""
        numbers = np.unique(self.folds).tolist()
        if self.in_sample:
            watched = self.folds == numbers[0]
            yield Split(~watched, watched, np.arange(len(self.labels)), 0)
            return
        for number, fold in enumerate(numbers):
            held = self.folds == fold
            yield Split(~held, np.zeros_like(held), np.flatnonzero(held), number)

    def aims(self, probs: Floats, places: Ints) -> Ints:
        """Category to explain of each of the `places`, whose probabilities are (n, K)."""
        if self.target == "given":
            return self.labels[places]
        return np.asarray(probs.argmax(axis=1), np.int64)


@dataclass(frozen=True)
class Explained:
    """What one classifier says: probabilities float32 (N, K), maps float16 (N, GRID, GRID).

    `epochs` are those whose weights each of its trainings has kept; none of linear heads.
    """

    probs: NDArray[np.float32]
    maps: NDArray[np.float16]
    epochs: tuple[int, ...] = ()

    @classmethod
    def empty(cls, lesson: Lesson) -> Explained:
        """Arrays to be filled."""
        count = len(lesson.labels)
        return cls(
            np.zeros((count, lesson.num_categories), np.float32),
            np.zeros((count, GRID, GRID), np.float16),
        )
