"""Linear heads on frozen features: out-of-fold probabilities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evidence.crops.many_rows import MANY, MANY_NAME, fit_many
from benchmark_n.evidence.evidence import Floats, Ints
from benchmark_n.runtime.optional_imports import import_extra
from benchmark_n.runtime.parallel import ordered_map

# Strong: with a fifth of the labels wrong, a weak penalty lets the head learn them by heart.
INVERSE_PENALTY = 1e-3
DROPOUT = 0.2
_ITERATIONS = 300
_ROWS_AT_ONCE = 8192


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


@dataclass(frozen=True)
class Head:
    """A multinomial logistic regression on standardised features, of K categories.

    Parameters
    ----------
    mean, deviation
        (D,) of the features it was fitted on.
    coefficients, intercepts
        (K, D) and (K,); the intercept of a category that the training lacks is minus infinity.
    """

    mean: Floats
    deviation: Floats
    coefficients: Floats
    intercepts: Floats

    def standardise(self, features: Floats) -> Floats:
        """Features (n, D) as the head takes them."""
        return np.asarray((features - self.mean) / self.deviation)

    def probabilities(self, standardised: Floats) -> NDArray[np.float32]:
        """Probability of each category, float32 (n, K)."""
        logits = standardised @ self.coefficients.T + self.intercepts
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float32)

    def gradients(self) -> NDArray[np.float32]:
        """Derivative of each category's logit by the features themselves, float32 (K, D)."""
        return np.asarray(self.coefficients / self.deviation, np.float32)


def head_name(count: int) -> str:
    """What results call the heads on so many annotations."""
    name = f"logistic regression, C {INVERSE_PENALTY:g}"
    return name if count < MANY else f"{name}, {MANY_NAME}"


def centre_and_scale(features: Floats) -> tuple[Floats, Floats]:
    """Means and standard deviations (D,) of features (n, D); 1 for one that is the same in all."""
    deviation = features.std(axis=0)
    return features.mean(axis=0), np.where(deviation > 1e-8, deviation, 1)


def fit_head(
    features: Floats,
    labels: Ints,
    num_categories: int,
    inverse_penalty: float = INVERSE_PENALTY,
    rows: NDArray[np.intp] | None = None,
) -> Head:
    """Fit a head on features (N, D) and labels (N,), on those at the places `rows` where given.

    Where there are `MANY` it is fitted without a copy of them
    (see `benchmark_n.evidence.crops.many_rows`).
    """
    rows = np.arange(len(features)) if rows is None else rows
    present = np.unique(labels[rows])
    coefficients = np.zeros((num_categories, features.shape[1]))
    intercepts = np.full(num_categories, -np.inf)
    intercepts[present] = 0
    if len(features) >= MANY and len(present) > 1:
        # Two categories have two rows here, and one in scikit-learn, which is penalised twice so.
        penalty = (2 if len(present) == 2 else 1) / inverse_penalty
        many = fit_many(features, labels, rows, penalty)
        coefficients[present], intercepts[present] = many.coefficients, many.intercepts
        return Head(many.mean, many.deviation, coefficients, intercepts)
    own = features[rows]
    mean, deviation = centre_and_scale(own)
    if len(present) > 1:
        linear_model = import_extra("sklearn.linear_model", "detect", "a linear head")
        fitted = linear_model.LogisticRegression(C=inverse_penalty, max_iter=_ITERATIONS)
        fitted.fit((own - mean) / deviation, labels[rows])
        slopes, offsets = fitted.coef_, fitted.intercept_
        if len(present) == 2:
            # Two categories have one row: half of it for the second, half against the first.
            slopes = np.concatenate([-slopes, slopes]) / 2
            offsets = np.append(-offsets, offsets) / 2
        coefficients[present], intercepts[present] = slopes, offsets
    return Head(mean, deviation, coefficients, intercepts)


def _fit_fold(task: HeadTask) -> NDArray[np.float32]:
    head = fit_head(
        task.features,
        task.labels,
        task.num_categories,
        task.inverse_penalty,
        np.flatnonzero(~task.held_out),
    )
    shown = np.flatnonzero(task.held_out)
    made = np.zeros((1 + task.passes, len(shown), task.num_categories), np.float32)
    rng = np.random.default_rng(task.seed)
    for index in range(1 + task.passes):
        for start in range(0, len(shown), _ROWS_AT_ONCE):
            rows = head.standardise(task.features[shown[start : start + _ROWS_AT_ONCE]])
            if index:
                rows = rows * (rng.random(rows.shape) >= DROPOUT) / (1 - DROPOUT)
            made[index, start : start + len(rows)] = head.probabilities(rows)
    return made
