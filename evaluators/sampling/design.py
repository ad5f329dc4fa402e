"""Strata by score, and how many of each are looked at.

References
----------
.. [1] Cochran: Sampling Techniques, 3rd ed., chapter 5A (1977).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# The strata behind the first one, of equal size.
_REST = 4
# Of the sample, what the first stratum has at least: what comes next is asked for by itself.
_FIRST = 0.25


def score_strata(scores: NDArray[np.floating], ties: NDArray[np.generic], first: int) -> list[int]:
    """The stratum of each of N annotations: 0 is the `first` ones of highest score.

    The others are cut into four strata of equal size, by score.

    Parameters
    ----------
    scores
        Float (N,), higher = more likely wrong.
    ties
        (N,): annotations of one score are in this order, the lower value first.
    first
        Size of stratum 0.

    Examples
    --------
    >>> score_strata(np.array([0.1, 0.9, 0.5, 0.2, 0.3]), np.arange(5), 1)
    [4, 0, 1, 3, 2]
    """
    order = np.lexsort((ties, -np.asarray(scores, np.float64)))
    strata = np.zeros(len(order), np.int64)
    for number, part in enumerate(np.array_split(order[first:], _REST), start=1):
        strata[part] = number
    return [int(stratum) for stratum in strata]


def allocate(sizes: Sequence[int], sample: int) -> list[int]:
    """How many of each stratum are drawn: `sample` in all, or all there are.

    Each stratum has one at least, the first a quarter, and the rest goes by size [1]_.

    Examples
    --------
    >>> allocate([200, 1000, 1000, 1000, 1000], 100)
    [25, 19, 19, 19, 18]
    >>> allocate([3, 1], 100)
    [3, 1]
    """
    taken = [0] * len(sizes)
    left = min(sample, sum(sizes))
    shares = [float(size) for size in sizes]
    total = sum(sizes[1:])
    if sizes and total:
        shares[0] = max(shares[0], total * _FIRST / (1 - _FIRST))
    while left:
        # The stratum that has least for its share is next; one without any comes before.
        open_ones = [i for i, size in enumerate(sizes) if taken[i] < size]
        place = min(open_ones, key=lambda i: (taken[i] > 0, (taken[i] + 1) / shares[i], i))
        taken[place] += 1
        left -= 1
    return taken
