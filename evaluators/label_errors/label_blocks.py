"""The blocks of a ranking whose labels are known, as few as the measures allow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from benchmark_n.evaluators.label_errors.ranking import Counts, Values


@dataclass(frozen=True)
class GroupedBlocks:
    """How many positives and negatives of each group (G) are in each block (K) of a ranking.

    A bootstrap of groups weighs what is sorted already: no item is repeated, and counts under R
    weightings are one product.

    Parameters
    ----------
    positives, negatives
        int64 (K, G), sparse.
    """

    positives: Any
    negatives: Any

    def counts(self, weights: NDArray[np.int64]) -> tuple[Counts, Counts]:
        """Positives and negatives of each block under group weights (R, G), int64 (R, K) each."""
        turned = np.ascontiguousarray(weights.T)
        found = (side @ turned for side in (self.positives, self.negatives))
        positives, negatives = (np.ascontiguousarray(counts.T) for counts in found)
        return positives, negatives


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

    def by_group(self, groups: NDArray[np.int64], num_groups: int) -> GroupedBlocks:
        """The same with the items' groups, int64 (N,), each below `num_groups`.

        Examples
        --------
        >>> blocks = label_blocks(np.array([0.9, 0.8, 0.8]), np.array([True, True, False]))
        >>> grouped = blocks.by_group(np.array([0, 1, 1]), 2)
        >>> grouped.counts(np.array([[1, 1], [2, 0]]))[0].tolist()  # positives of two blocks
        [[1, 1], [2, 0]]
        """
        lengths = np.diff(self.cuts, append=self.order.size)
        blocks, labels = np.repeat(self.places, lengths), np.repeat(self.positive, lengths)
        own, shape = groups[self.order], (len(self.scores), num_groups)
        sides = (
            csr_matrix((np.ones(int(kept.sum()), np.int64), (blocks[kept], own[kept])), shape)
            for kept in (labels, ~labels)
        )
        return GroupedBlocks(*sides)


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
