"""Optimal-pair ranking loss: of two masks of like categories the better one is to score higher.

References
----------
.. [1] Chen, Zhou, Yuille: Quality Sentinel, 2024, Equations 1 and 3.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

# The diagonal's cost: more than any sum of cosines of a batch.
_NEVER = 1e9


def similarities(conditions: NDArray[np.float32]) -> NDArray[np.float64]:
    """Cosine similarity of each two conditions, (N, D) to (N, N); zeros are like nothing."""
    lengths = np.linalg.norm(conditions, axis=1, keepdims=True)
    unit = conditions.astype(np.float64) / np.where(lengths > 0, lengths, 1)
    return unit @ unit.T


def assigned_pairs(similarity: NDArray[np.float64], pairing: str) -> NDArray[np.int64]:
    """Pairs (P, 2) of a batch of N, partners as like as can be in sum, nobody its own.

    Parameters
    ----------
    pairing
        ``"disjoint"``: the assignment's cycles cut into ``N // 2`` pairs that share nobody.
        ``"all"``: each item with its partner, N pairs.
    """
    if len(similarity) < 2:
        return np.zeros((0, 2), np.int64)
    cost = -similarity
    np.fill_diagonal(cost, _NEVER)
    items, partners = linear_sum_assignment(cost)
    if pairing == "all":
        return np.stack([items, partners], 1).astype(np.int64)
    return cut_cycles(partners)


def cut_cycles(permutation: NDArray[np.integer]) -> NDArray[np.int64]:
    """Disjoint pairs ``(N // 2, 2)`` of neighbours in a permutation's cycles.

    The last of a cycle of odd length is left over; what is left over is paired in order.

    >>> cut_cycles(np.array([1, 2, 0, 4, 5, 3])).tolist()
    [[0, 1], [3, 4], [2, 5]]
    """
    seen = np.zeros(len(permutation), bool)
    pairs: list[tuple[int, int]] = []
    left: list[int] = []
    for start in range(len(permutation)):
        cycle: list[int] = []
        item = start
        while not seen[item]:
            seen[item] = True
            cycle.append(item)
            item = int(permutation[item])
        pairs += zip(cycle[::2], cycle[1::2], strict=False)
        left += cycle[-1:] if len(cycle) % 2 else []
    pairs += zip(left[::2], left[1::2], strict=False)
    return np.array(pairs, np.int64).reshape(-1, 2)


def ranking_loss(predicted: Any, true: Any, pairs: NDArray[np.int64], margin: float) -> Any:
    """Mean of ``max(0, (p_i - p_j)(t_j - t_i) + margin)`` over pairs (i, j); tensors (N,)."""
    if not len(pairs):
        return predicted.sum() * 0
    first, second = pairs[:, 0], pairs[:, 1]
    gaps = (predicted[first] - predicted[second]) * (true[second] - true[first])
    return (gaps + margin).clamp(min=0).mean()
