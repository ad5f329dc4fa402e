"""Measures of a ranking, on counts of positives and negatives in blocks of equal score.

Items of one score have no order; each measure is its expectation over all their random orders,
but for `step_precision`, which is scikit-learn's. All functions work along the last axis, so that
bootstrap replicates, which are other counts of the same blocks, are one more axis.

References
----------
.. [1] Hanley, McNeil: The Meaning and Use of the Area under a Receiver Operating Characteristic
       Curve, Radiology 143 (1982).
.. [2] McSherry, Najork: Computing Information Retrieval Performance Measures Efficiently in the
       Presence of Tied Scores, ECIR 2008 (Section 2: average precision, precision at k).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Blocks:
    """Items sorted by falling score and cut where the score changes.

    Parameters
    ----------
    order
        Indices of the N items, best score first.
    starts
        Where in `order` each of the K blocks begins.
    scores
        float64 (K,), the blocks' scores, falling.
    """

    order: NDArray[np.intp]
    starts: NDArray[np.intp]
    scores: Values

    def counts(self, weights: NDArray[Any]) -> Counts:
        """Sums of integer `weights` (..., N) in each block, int64 (..., K)."""
        if not self.starts.size:
            return np.zeros((*weights.shape[:-1], 0), np.int64)
        return np.add.reduceat(weights[..., self.order], self.starts, axis=-1, dtype=np.int64)


def make_blocks(scores: Values) -> Blocks:
    """The blocks of scores (N,)."""
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    starts = np.flatnonzero(np.diff(ranked, prepend=np.inf))
    return Blocks(order, starts, ranked[starts])


def auroc(positives: Counts, negatives: Counts) -> Values:
    """Area under the ROC curve: P(positive above negative) + P(tie) / 2; NaN for a single class."""
    total = negatives.sum(axis=-1, keepdims=True)
    below = total - np.cumsum(negatives, axis=-1)
    wins = (positives * (below + 0.5 * negatives)).sum(axis=-1)
    return _ratio(wins, positives.sum(axis=-1) * total[..., 0])


def average_precision(positives: Counts, negatives: Counts, total: Counts | int) -> Values:
    """Area under the precision-recall curve, as average precision; NaN without positives.

    A block of m items, q of them positive, behind n items with p positives adds
    ``sum_j q/m (p + 1 + (j - 1)(q - 1)/(m - 1)) / (n + j)``, summed here by harmonic numbers.

    Parameters
    ----------
    total
        Positives in all; more than were ranked where some were never found.
    """
    size = positives + negatives
    last = np.cumsum(size, axis=-1)
    before = np.cumsum(positives, axis=-1) - positives
    most = int(last[..., -1].max()) if last.size else 0
    harmonic = np.concatenate([[0.0], np.cumsum(1.0 / np.arange(1, most + 1))])
    span = np.diff(harmonic[last], axis=-1, prepend=0.0)
    # Without positives, or of a single item, a block has no slope to count.
    slope = (positives - 1) / np.maximum(size - 1, 1)
    share = positives / np.maximum(size, 1)
    gains = share * ((before + 1) * span + slope * (size - (last - size + 1) * span))
    return np.minimum(_ratio(gains.sum(axis=-1), total), 1.0)


def step_precision(positives: Counts, negatives: Counts, total: Counts | int) -> Values:
    """Average precision as scikit-learn has it: a block is one step of its precision at its end.

    It is that of the blocks as they came: joined ones (`label_blocks`) are other steps.
    """
    hits = np.cumsum(positives, axis=-1)
    shown = hits + np.cumsum(negatives, axis=-1)
    gains = np.divide(positives * hits, shown, out=np.zeros(shown.shape), where=shown > 0)
    return _ratio(gains.sum(axis=-1), total)


def lifted(precision: Any, prevalence: Any) -> Values:
    """``(AUPRC - pi) / (1 - pi)``: 0 is chance, 1 perfect; NaN where everything is wrong.

    Examples
    --------
    >>> float(lifted(0.95, 0.9).round(3)), float(lifted(0.55, 0.1).round(3))
    (0.5, 0.5)
    """
    precision, prevalence = np.asarray(precision, float), np.asarray(prevalence, float)
    return _ratio(precision - prevalence, 1 - prevalence)


def hits_at(positives: Counts, negatives: Counts, k: Counts | int) -> Values:
    """Expected number of positives among the first `k` items (fewer where fewer were ranked)."""
    return hits_at_each(positives, negatives, np.asarray(k)[..., None])[..., 0]


def hits_at_each(positives: Counts, negatives: Counts, budgets: NDArray[Any]) -> Values:
    """`hits_at` of several budgets (..., M) at once, float64 (..., M).

    Examples
    --------
    >>> positives, negatives = np.array([1, 0, 1]), np.array([0, 2, 1])  # blocks of 1, 2, 2 items
    >>> hits_at_each(positives, negatives, np.array([1, 3, 4, 9])).tolist()
    [1.0, 1.0, 1.5, 2.0]
    """
    size = positives + negatives
    shape = (*np.broadcast_shapes(size.shape[:-1], budgets.shape[:-1]), budgets.shape[-1])
    budgets = np.broadcast_to(budgets, shape)
    if not size.shape[-1]:
        return np.zeros(shape)
    last, found = np.cumsum(size, axis=-1), np.cumsum(positives, axis=-1)
    every = np.broadcast_to(last, (*shape[:-1], last.shape[-1])).reshape(-1, last.shape[-1])
    rows = zip(every, budgets.reshape(-1, shape[-1]), strict=True)
    # The block that a budget ends in: the first that reaches it.
    places = np.array([np.searchsorted(row, own) for row, own in rows], np.intp).reshape(shape)
    places = np.minimum(places, size.shape[-1] - 1)
    q, m, after, hits = (
        np.take_along_axis(np.broadcast_to(a, (*shape[:-1], a.shape[-1])), places, axis=-1)
        for a in (positives, size, last, found)
    )
    return np.asarray(hits - q + np.clip(budgets - (after - m), 0, m) / np.maximum(m, 1) * q, float)


def f1_curve(positives: Counts, negatives: Counts, total: Counts | int) -> Values:
    """F1 of flagging all items down to each block, (..., K)."""
    hits = np.cumsum(positives, axis=-1)
    flagged = hits + np.cumsum(negatives, axis=-1)
    return _ratio(2.0 * hits, flagged + np.asarray(total)[..., None])


def expected_precision_sum(found: Counts, sizes: Counts, k: int) -> float:
    """``sum_{r<=k} P(r) hit(r)``, in expectation over the orders within each block.

    Parameters
    ----------
    found, sizes
        int64 (K,): hits and items of each block, best first.
    """
    total, before, first = 0.0, 0, 0
    for q, m in zip(found.tolist(), sizes.tolist(), strict=True):
        slope = (q - 1) / (m - 1) if m > 1 else 0.0
        for j in range(1, min(m, k - first) + 1):
            total += q / m * (before + 1 + (j - 1) * slope) / (first + j)
        before, first = before + q, first + m
        if first >= k:
            break
    return total


def precision_recall_f1(hits: Any, flagged: Any, total: Any) -> tuple[Values, Values, Values]:
    """Of `flagged` items of which `hits` are positive, with `total` positives in all.

    Precision is 0 where nothing is flagged; recall and F1 are NaN where there is nothing to find.
    """
    hits, flagged, total = (np.asarray(value, float) for value in (hits, flagged, total))
    precision = np.where(flagged > 0, hits / np.maximum(flagged, 1), 0.0)
    f1 = np.where(total > 0, 2 * hits / np.maximum(flagged + total, 1), np.nan)
    return precision, _ratio(hits, total), f1


def _ratio(above: Any, below: Any) -> Values:
    above, below = np.asarray(above, float), np.asarray(below, float)
    ratio: Values = np.full(np.broadcast_shapes(above.shape, below.shape), np.nan)
    np.divide(above, below, out=ratio, where=below > 0)
    return ratio
