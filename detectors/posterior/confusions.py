"""How a given category comes from the true one: what an error may be, as transition matrices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evidence.evidence import Floats, Ints

# Errors of each true category that the pairs are taken to have seen already, spread as others.
PSEUDO_ERRORS = 30.0


def supercategory_errors(groups: Sequence[str]) -> NDArray[np.float64]:
    """Another category of the same group, uniformly, (K, K); those alone in theirs stay right.

    >>> supercategory_errors(["a", "a", ""]).tolist()
    [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    names = np.array([name or f" {place}" for place, name in enumerate(groups)])
    same = (names[:, None] == names[None, :]) & ~np.eye(len(names), dtype=bool)
    counts = same.sum(axis=1)
    made = same / np.maximum(counts, 1)[:, None]
    made[counts == 0] = np.eye(len(names))[counts == 0]
    return np.asarray(made)


def uniform_errors(count: int) -> NDArray[np.float64]:
    """Any other category, uniformly, (K, K)."""
    if count == 1:
        return np.ones((1, 1))
    return (1 - np.eye(count)) / (count - 1)


def pair_errors(errors: Floats, labels: Ints, base: Floats) -> NDArray[np.float64]:
    """Chance of the given category of each annotation under each true one, from all the others.

    Parameters
    ----------
    errors
        (N, K): probability that an annotation is wrong and of this true category.
    labels
        int64 (N,).
    base
        (K, K): how errors are spread before any is seen.

    Returns
    -------
    float64 (N, K)
        Of annotation n and true category c, ``(errors of c given as n is + PSEUDO_ERRORS * base)
        / (errors of c + PSEUDO_ERRORS)``, where n itself does not count: an annotation is no
        evidence of the confusion that would explain it.
    """
    count = base.shape[0]
    totals = np.zeros((count, count))
    np.add.at(totals, labels, errors)  # row: given, column: true
    seen = totals[labels] - errors
    rows = errors.sum(axis=0) - errors
    made = (np.maximum(seen, 0) + PSEUDO_ERRORS * base[:, labels].T) / (
        np.maximum(rows, 0) + PSEUDO_ERRORS
    )
    made[np.arange(len(labels)), labels] = base[labels, labels]
    return np.asarray(made)
