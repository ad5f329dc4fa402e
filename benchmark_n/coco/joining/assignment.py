"""One-to-one matching of greatest overlap."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Places = NDArray[np.int64]
# Far below what sums of IoUs differ by, and above their rounding: decides between equal ones.
_TIE = 1e-9


def assign(
    rows: Places, columns: Places, ious: NDArray[np.float64], preferred: NDArray[np.bool_]
) -> NDArray[np.intp]:
    """The pairs of the one-to-one matching whose IoUs have the greatest sum.

    Parameters
    ----------
    rows, columns
        int64 (P,): the two sides of each pair that may be matched.
    ious
        float64 (P,), more than 0.
    preferred
        bool (P,): decides between matchings of equal sums, by their number of such pairs.

    Returns
    -------
    NDArray[np.intp]
        Places of the chosen pairs, ascending.

    Examples
    --------
    >>> pairs = np.array([0, 0, 1]), np.array([0, 1, 0])
    >>> assign(*pairs, np.array([0.9, 0.6, 0.6]), np.zeros(3, bool)).tolist()
    [1, 2]
    """
    _, left = np.unique(rows, return_inverse=True)
    _, right = np.unique(columns, return_inverse=True)
    # Pairs that share neither side with others are matched; knots of them are solved apart.
    alone = (np.bincount(left)[left] == 1) & (np.bincount(right)[right] == 1)
    rest = np.flatnonzero(~alone)
    if not rest.size:
        return np.flatnonzero(alone)
    weights = ious + _TIE * preferred
    count = int(left.max()) + int(right.max()) + 2
    links = (np.ones(len(rest)), (left[rest], right[rest] + int(left.max()) + 1))
    _, knots = connected_components(coo_array(links, shape=(count, count)), directed=False)
    knot = knots[left[rest]]
    order = np.argsort(knot, kind="stable")
    starts = np.flatnonzero(np.diff(knot[order], prepend=-1))
    chosen = [np.flatnonzero(alone)]
    for part in np.split(rest[order], starts[1:]):
        chosen.append(part[_solve(left[part], right[part], weights[part])])
    return np.sort(np.concatenate(chosen))


def _solve(
    left: NDArray[np.intp], right: NDArray[np.intp], weights: NDArray[np.float64]
) -> NDArray[np.intp]:
    """Places of the pairs of the best matching of one knot."""
    _, i = np.unique(left, return_inverse=True)
    _, j = np.unique(right, return_inverse=True)
    matrix = np.zeros((int(i.max()) + 1, int(j.max()) + 1))
    place = np.full(matrix.shape, -1, np.intp)
    matrix[i, j] = weights
    place[i, j] = np.arange(len(weights))
    found: NDArray[np.intp] = place[linear_sum_assignment(matrix, maximize=True)]
    return found[found >= 0]
