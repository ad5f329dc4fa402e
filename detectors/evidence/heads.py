"""Linear heads on frozen features: out-of-fold probabilities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark_n.detectors.evidence.evidence import Floats, Ints
from benchmark_n.extras import import_extra
from benchmark_n.parallel import ordered_map

# Strong: with a fifth of the labels wrong, a weak penalty lets the head learn them by heart.
INVERSE_PENALTY = 1e-3
DROPOUT = 0.2
_ITERATIONS = 300


@dataclass(frozen=True)
class HeadTask:
    """One fold: train on all others, predict this one.

    `passes` is the number of further predictions with dropout on the features.
    """

    features: Floats
    labels: Ints
    held_out: NDArray[np.bool_]
    num_categories: int
    inverse_penalty: float
    passes: int
    seed: tuple[int, ...]


def cross_validate(
    features: Floats,
    labels: Ints,
    folds: Ints,
    num_categories: int,
    *,
    inverse_penalty: float = INVERSE_PENALTY,
    passes: int = 0,
    seed: int = 0,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> NDArray[np.float32]:
    """Out-of-fold probabilities of a multinomial logistic regression on standardised features.

    Parameters
    ----------
    features, labels, folds
        (N, D), int64 (N,) and int64 (N,).
    inverse_penalty
        ``C`` of scikit-learn.
    passes
        Predictions with dropout, besides the one without.

    Returns
    -------
    float32 (1 + passes, N, num_categories)
        The first without dropout. Categories that a fold's training lacks have probability 0.
    """
    numbers = np.unique(folds).tolist()
    tasks = (
        HeadTask(
            features,
            labels,
            folds == fold,
            num_categories,
            inverse_penalty,
            passes,
            (seed, fold),
        )
        for fold in numbers
    )
    probs = np.zeros((1 + passes, len(labels), num_categories), np.float32)
    for done, (fold, part) in enumerate(
        zip(numbers, ordered_map(_fit_fold, tasks, workers=workers), strict=True), 1
    ):
        probs[:, folds == fold] = part
        if progress is not None:
            progress(done, len(numbers))
    return probs


def _fit_fold(task: HeadTask) -> NDArray[np.float32]:
    linear_model = import_extra("sklearn.linear_model", "detect", "a linear head")
    train = ~task.held_out
    mean = task.features[train].mean(axis=0)
    deviation = task.features[train].std(axis=0)
    scaled = (task.features - mean) / np.where(deviation > 1e-8, deviation, 1.0)
    present = np.unique(task.labels[train])
    made = np.zeros((1 + task.passes, int(task.held_out.sum()), task.num_categories), np.float32)
    if len(present) == 1:
        made[..., present[0]] = 1
        return made
    head = linear_model.LogisticRegression(C=task.inverse_penalty, max_iter=_ITERATIONS)
    head.fit(scaled[train], task.labels[train])
    rng = np.random.default_rng(task.seed)
    held_out = scaled[task.held_out]
    for index in range(1 + task.passes):
        kept = rng.random(held_out.shape) >= DROPOUT if index else None
        shown = held_out if kept is None else held_out * kept / (1 - DROPOUT)
        made[index][:, present] = head.predict_proba(shown)
    return made
