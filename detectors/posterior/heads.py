"""Two linear heads on features, fitted to soft targets, and what they say out of fold.

Logistic regression looks at what parts the categories; the Gaussian head at what each is like. The
second learns from few examples, the first from many, and they err on different annotations.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax

from benchmark_n.evidence.evidence import Floats, Ints

# Of the mean loss; of the covariance towards a multiple of the identity; pseudo-annotations of
# each category at the mean of all, and of its prior.
PENALTY, SHRINKAGE, AT_MEAN, PRIOR = 3e-4, 0.9, 2.0, 0.3
_ITERATIONS = 40
_LEAST = 1e-6

Head = Callable[[Floats, Floats, Floats], Floats]


def out_of_fold(features: Floats, targets: Floats, folds: Ints) -> list[Floats]:
    """What each head says of annotations that it was not fitted on.

    Parameters
    ----------
    features, targets
        (N, P), and (N, K) probabilities of the categories to learn from.
    folds
        int64 (N,).

    Returns
    -------
    list
        Log-probabilities float64 (N, K), of logistic regression and of the Gaussian head.
    """
    said: list[Floats] = [np.zeros(targets.shape) for _ in HEADS]
    for fold in np.unique(folds):
        held = folds == fold
        for rows, head in zip(said, HEADS, strict=True):
            rows[held] = head(features[~held], targets[~held], features[held])
    return said


def logistic(features: Floats, targets: Floats, shown: Floats) -> Floats:
    """Log-probabilities (M, K) of `shown` (M, P) by a multinomial logistic regression.

    Minimises the mean cross-entropy plus ``PENALTY / 2`` times the squared weights. A category
    without examples gets the probability that it has before anything is seen.
    """
    counts = targets.sum(axis=0)
    present = counts > _LEAST
    width, size = features.shape[1], int(present.sum())
    wanted = targets[:, present]

    def loss(flat: Floats) -> tuple[float, Floats]:
        weights, offsets = flat[:-size].reshape(width, size), flat[-size:]
        logs = log_softmax(features @ weights + offsets, axis=1)
        slope = (np.exp(logs) * wanted.sum(axis=1, keepdims=True) - wanted) / len(features)
        value = -(wanted * logs).sum() / len(features) + PENALTY * (weights**2).sum() / 2
        down = features.T @ slope + PENALTY * weights
        return float(value), np.concatenate([down.ravel(), slope.sum(axis=0)])

    start = np.zeros((width + 1) * size)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _ITERATIONS}).x
    logits = shown @ found[:-size].reshape(width, size) + found[-size:]
    return _with_absent(log_softmax(logits, axis=1), counts, present)


def gaussian(features: Floats, targets: Floats, shown: Floats) -> Floats:
    """Log-probabilities (M, K) by Gaussian categories of one covariance.

    Their means are drawn to the mean of all by `AT_MEAN` pseudo-annotations, the covariance to a
    multiple of the identity by the share `SHRINKAGE`.
    """
    counts = targets.sum(axis=0)
    middle = features.mean(axis=0)
    means = (targets.T @ features + AT_MEAN * middle) / (counts[:, None] + AT_MEAN)
    rest = features - targets @ means
    covariance = rest.T @ rest / len(features)
    size = len(covariance)
    spread = max(float(np.trace(covariance)) / size, 1e-12)
    shrunk = (1 - SHRINKAGE) * covariance + SHRINKAGE * spread * np.eye(size)
    slopes = np.linalg.solve(shrunk, means.T)
    prior = np.log((counts + PRIOR) / (counts.sum() + PRIOR * len(counts)))
    logits = shown @ slopes - (means.T * slopes).sum(axis=0) / 2 + prior
    return np.asarray(log_softmax(logits, axis=1))


def _with_absent(logs: Floats, counts: Floats, present: Floats) -> Floats:
    """Log-probabilities of the categories present (M, S) as those of all (M, K)."""
    prior = (counts + PRIOR) / (counts.sum() + PRIOR * len(counts))
    made = np.tile(np.log(prior), (len(logs), 1))
    made[:, present] = logs + np.log(prior[present].sum())
    return np.asarray(made)


HEADS: tuple[Head, ...] = (logistic, gaussian)
