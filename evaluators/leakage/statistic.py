"""AUROC within strata, and how far beyond chance it is.

In each stratum the Mann-Whitney statistic U counts the pairs of a positive and a negative in which
the positive has the larger score, ties for a half; the strata are summed with van Elteren's weights
``1 / (n + 1)`` [1]_. Under the null hypothesis every assignment of the positives to the items of
their stratum is equally likely; mean and variance of the sum are then known exactly, ties included.

Tails are Bernstein's bound with that variance [2]_, not the normal's: scores with a few rare values
are far from normal, and where thousands of benchmarks are audited none may raise a false alarm. For
a score of two values the bound is proved, since a hypergeometric count is a sum of independent
draws [3]_.

References
----------
.. [1] van Elteren: On the Combination of Independent Two-Sample Tests of Wilcoxon, Bulletin of the
       Institute of International Statistics 37, 1960.
.. [2] Bernstein: see Boucheron, Lugosi, Massart, Concentration Inequalities, 2013, Corollary 2.11.
.. [3] Vatutin, Mikhailov: Limit Theorems for the Number of Empty Cells in an Equiprobable Scheme
       for Group Allocation of Particles, Theory of Probability and its Applications 27, 1982.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evaluators.leakage.published import Flags, Ints

# Scores in [0, 1] become whole numbers: what differs by less counts as equal.
RESOLUTION = 1 << 20


@dataclass(frozen=True)
class Deviation:
    """A score's distance from chance.

    Parameters
    ----------
    auroc
        Of the score, 0 to 1; .5 is chance.
    error
        Its standard deviation under the null hypothesis.
    step
        The most that a single item can move it, in units of `error`.
    positives, negatives
        Items in strata that have both.
    """

    auroc: float
    error: float
    step: float
    positives: int
    negatives: int

    @property
    def z(self) -> float:
        """Distance from chance in standard deviations; 0 where nothing can be told."""
        return (self.auroc - 0.5) / self.error if self.error > 0 else 0.0

    def p(self, *, two_sided: bool = False) -> float:
        """Bound on the chance of such an AUROC or a larger one; of such a distance, two-sided."""
        z = abs(self.z) if two_sided else self.z
        if z <= 0:
            return 1.0
        return min(1.0, (1 + two_sided) * math.exp(-(z**2) / (2 * (1 + self.step * z / 3))))

    def reach(self, level: float) -> float:
        """Distance from chance that `p` is at most `level` from, one-sided."""
        most = -math.log(level)
        slope = most * self.step / 3
        return self.error * (slope + math.sqrt(slope**2 + 2 * most))


NOTHING = Deviation(0.5, 0.0, 0.0, 0, 0)


def stratified_auroc(ranks: NDArray[np.integer], positive: Flags, strata: Ints) -> Deviation:
    """AUROC of N items within strata.

    Parameters
    ----------
    ranks
        Scores as whole numbers from 0 to 2³¹, (N,); see `RESOLUTION` and `ranks_of`.
    positive
        bool (N,).
    strata
        Whole numbers from 0, (N,).

    Examples
    --------
    >>> ranks, positive = np.array([3, 1, 2, 0]), np.array([True, True, False, False])
    >>> stratified_auroc(ranks, positive, np.zeros(4, int)).auroc
    0.75
    """
    if not positive.any() or positive.all():
        return NOTHING
    span = int(ranks.max()) + 1
    keys = np.sort((strata.astype(np.int64) * span + ranks) * 2 + positive)
    blocks, hit = keys >> 1, keys & 1
    starts = np.flatnonzero(np.diff(blocks, prepend=-1))
    size = np.diff(starts, append=len(keys))
    hits = np.add.reduceat(hit, starts)
    place = np.cumsum(np.diff(blocks[starts] // span, prepend=-1) != 0) - 1
    n, p = np.bincount(place, size), np.bincount(place, hits)
    pairs = p * (n - p)
    if not pairs.any():
        return NOTHING
    first = np.cumsum(size) - size - (np.cumsum(n) - n)[place]
    middle = first + (size - 1) / 2 - (n[place] - 1) / 2  # of the mid-ranks, centred
    spread = np.bincount(place, size * middle**2)
    weight = (pairs > 0) / (n + 1)
    total = float((weight * pairs).sum())
    shift = float((weight[place] * hits * middle).sum())
    ones = np.maximum(n - 1, 1)
    variance = float((weight**2 * pairs * spread / (n * ones)).sum())
    if variance <= 0:
        return Deviation(0.5, 0.0, 0.0, int(p[pairs > 0].sum()), int((n - p)[pairs > 0].sum()))
    error = math.sqrt(variance)
    step = float((weight[place] * np.abs(middle)).max()) / error
    counts = int(p[pairs > 0].sum()), int((n - p)[pairs > 0].sum())
    return Deviation(0.5 + shift / total, error / total, step, *counts)


def ranks_of(values: NDArray[np.generic]) -> Ints:
    """Any values that can be sorted as ranks, equal ones alike."""
    return np.asarray(np.unique(values, return_inverse=True)[1], np.int64)
