"""Thresholds of confidence, one a category or one for all."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evidence.evidence import Floats, Ints

EVEN_ODDS = 0.5


def self_confidence(probs: Floats, labels: Ints) -> NDArray[np.float64]:
    """Mean probability of each category among the annotations given it, (K,); 1 without any.

    References
    ----------
    .. [1] Northcutt, Jiang, Chuang: Confident Learning, JAIR 70 (2021), equation 2.
    """
    given = probs[np.arange(len(labels)), labels]
    counts = np.bincount(labels, minlength=probs.shape[1])
    sums = np.bincount(labels, weights=given, minlength=probs.shape[1])
    return np.divide(sums, counts, out=np.ones(len(counts)), where=counts > 0)


def confident_other(
    probs: Floats, labels: Ints, *, per_class: bool
) -> tuple[NDArray[np.bool_], Ints]:
    """Annotations that are confidently of another category, bool (N,), and the likeliest one.

    The other category's probability has to be the largest, and to reach the category's own mean
    self-confidence, or one half where not `per_class`.
    """
    likeliest = probs.argmax(axis=1)
    limits = self_confidence(probs, labels) if per_class else np.full(probs.shape[1], EVEN_ODDS)
    reached = probs[np.arange(len(labels)), likeliest] >= limits[likeliest]
    return reached & (likeliest != labels), likeliest


def largest_other(probs: Floats, labels: Ints) -> NDArray[Any]:
    """Largest probability of a category that is not the given one, (N,)."""
    others = probs.copy()
    others[np.arange(len(labels)), labels] = -np.inf
    return np.asarray(np.maximum(others.max(axis=1), 0))


def unusually_high(scores: Floats, labels: Ints, *, per_class: bool) -> NDArray[np.bool_]:
    """Scores more than a standard deviation above the mean, of all or of the given category."""
    groups = labels if per_class else np.zeros_like(labels)
    counts = np.maximum(np.bincount(groups), 1)
    means = np.bincount(groups, weights=scores) / counts
    squares = np.bincount(groups, weights=np.asarray(scores, float) ** 2) / counts
    deviations = np.sqrt(np.maximum(squares - means**2, 0))
    return np.asarray(scores > (means + deviations)[groups])
