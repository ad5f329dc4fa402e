"""The blocks of a ranking whose labels are known, as few as the measures allow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evaluators.label_errors.ranking import Counts, Values


@dataclass(frozen=True)
class LabelledBlocks:
    """Blocks of equal score, with neighbours joined that hold one label alone.

    Where several blocks in a row hold positives alone, or negatives alone, it makes no difference
    to any expectation in `ranking` whether they are one. That leaves about as many blocks as the
    label changes along the ranking, and bootstraps them in a fraction of the time.

    Parameters
    ----------
    order
        Indices of the N items, best score first; of equal score positives last.
    cuts
        Where in `order` block or label changes: the starts of M stretches.
    places, positive
        intp and bool (M,): the block of each stretch, and whether it holds positives.
    scores
        float64 (K,), the lowest score of each block, falling.
    """

    order: NDArray[np.intp]
    cuts: NDArray[np.intp]
    places: NDArray[np.intp]
    positive: NDArray[np.bool_]
    scores: Values

    def counts(self, weights: NDArray[Any]) -> tuple[Counts, Counts]:
        """Positives and negatives of each block under `weights` (..., N), int64 (..., K) each."""
        shape = (*weights.shape[:-1], len(self.scores))
        positives, negatives = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        if self.cuts.size:
            sums = np.add.reduceat(weights[..., self.order], self.cuts, axis=-1)
            positives[..., self.places[self.positive]] = sums[..., self.positive]
            negatives[..., self.places[~self.positive]] = sums[..., ~self.positive]
        return positives, negatives


def label_blocks(scores: Values, wrong: NDArray[np.bool_]) -> LabelledBlocks:
    """The blocks of scores (N,) whose positives are `wrong` (N,).

    Examples
    --------
    >>> label_blocks(np.array([0.9, 0.8, 0.5, 0.5]), np.array([True, True, True, False])).scores
    array([0.8, 0.5])
    """
    order = np.lexsort((wrong, -scores))
    ranked, labels = scores[order], wrong[order].astype(np.intp)
    block = np.cumsum(np.diff(ranked, prepend=np.inf) != 0) - 1
    count = len(np.unique(block))
    hits = np.bincount(block, labels, count)
    pure = (hits == 0) | (hits == np.bincount(block, minlength=count))
    # A block of both labels has its number to itself, and so has none that it could be joined to.
    kinds = np.where(pure, np.minimum(hits, 1), np.arange(count) + 2)
    place = (np.cumsum(np.diff(kinds, prepend=-1) != 0) - 1)[block]
    cuts = np.flatnonzero(np.diff(2 * place + labels, prepend=-1))
    last = np.flatnonzero(np.diff(place, append=-1))
    return LabelledBlocks(order, cuts, place[cuts], labels[cuts].astype(bool), ranked[last])
