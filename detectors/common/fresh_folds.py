"""Partitions into folds that are drawn anew for every repetition."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evidence.evidence import Floats, Ints
from benchmark_n.runtime.random_streams import hashes, uniforms

Order = NDArray[np.intp]


def random_folds(ids: Ints, count: int, seed: int, name: str) -> list[Order]:
    """`count` folds of equal size, but for one, at random: the same for the same ids.

    >>> [len(fold) for fold in random_folds(np.arange(10), 3, 0, "first")]
    [4, 3, 3]
    """
    return np.array_split(np.argsort(hashes(seed, name, ids), kind="stable"), count)


def ranked_folds(
    ids: Ints, weights: Floats, count: int, temperature: float, seed: int, name: str
) -> list[Order]:
    """Folds from the best to the worst, by draws without replacement.

    The chance to be drawn next is proportional to ``exp(weight / temperature)``: the order of
    weights with Gumbel noise is such a sequence of draws.
    """
    drawn = np.clip(uniforms(seed, name, ids), 1e-12, 1 - 1e-12)
    keys = np.asarray(weights, np.float64) / temperature - np.log(-np.log(drawn))
    return np.array_split(np.argsort(-keys, kind="stable"), count)
