"""Does a number (age, depth) go along with the values? Spearman's correlation over units.

References
----------
.. [1] Davison, Hinkley: Bootstrap Methods and their Application, 1997 (percentile intervals).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import factorial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata, spearmanr

from benchmark_n.errors import InputError
from benchmark_n.evaluators.label_errors.bootstrap import bootstrap, interval
from benchmark_n.evaluators.label_errors.ranking import make_blocks

Values = NDArray[np.float64]
REPLICATES = 1000
LEVEL = 0.05
_PERMUTATIONS, _MOST_PERMUTED = 9999, 500


@dataclass(frozen=True)
class Trend:
    """Spearman's rank correlation of units' means with a number of theirs.

    Parameters
    ----------
    units
        Number of them.
    correlation, correlation_interval
        -1 to 1, and its 95 % bootstrap interval over units; None where one side is constant.
    p
        Two-sided, of permutations; for more than 500 units of Student's distribution.
    power_note
        Said where so few units could not reach p < .05.
    """

    units: int
    correlation: float | None
    correlation_interval: tuple[float, float] | None
    p: float | None
    power_note: str | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def rank_trend(
    values: ArrayLike, numbers: ArrayLike, units: Sequence[int] | NDArray[np.int64], seed: int = 0
) -> Trend:
    """Correlation of N values with N numbers, on units' means of both.

    Parameters
    ----------
    values, numbers
        Shape (N,), finite.
    units
        Number of the unit of each.

    Examples
    --------
    >>> rank_trend([1, 3, 2, 5, 6], [1, 1, 2, 3, 4], [0, 0, 1, 2, 3]).correlation
    0.9486832980505138
    """
    of_value, of_number = np.asarray(values, float), np.asarray(numbers, float)
    if not (np.isfinite(of_value).all() and np.isfinite(of_number).all()):
        raise InputError("trend: a value is not finite, expected numbers alone")
    codes = np.unique(np.asarray(units), return_inverse=True)[1]
    sizes = np.bincount(codes)
    x, y = np.bincount(codes, of_value) / sizes, np.bincount(codes, of_number) / sizes
    count = len(sizes)
    note = None
    if 2 / factorial(min(count, 10)) >= LEVEL:
        note = f"with {count} units no correlation can reach p < {LEVEL}"
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return Trend(count, None, None, None, note)

    def measure(weights: NDArray[np.int64]) -> Mapping[str, Values]:
        return {"rho": weighted_spearman(x, y, weights)}

    drawn = bootstrap(measure, count, count, REPLICATES, seed)["rho"]
    own = float(weighted_spearman(x, y, np.ones((1, count), np.int64))[0])
    return Trend(count, own, interval(drawn), _permutation_p(x, y, seed), note)


def weighted_spearman(x: Values, y: Values, weights: NDArray[np.int64]) -> Values:
    """Spearman's correlation of points (n,), each taken `weights` (R, n) times; (R,)."""
    a, b = _mid_ranks(x, weights), _mid_ranks(y, weights)
    total = weights.sum(axis=1, keepdims=True)
    a -= (weights * a).sum(axis=1, keepdims=True) / total
    b -= (weights * b).sum(axis=1, keepdims=True) / total
    below = np.sqrt((weights * a**2).sum(axis=1) * (weights * b**2).sum(axis=1))
    ratio = np.full(len(weights), np.nan)
    np.divide((weights * a * b).sum(axis=1), below, out=ratio, where=below > 0)
    return ratio


def _mid_ranks(values: Values, weights: NDArray[np.int64]) -> Values:
    """Mean rank of each value among all copies (R, n)."""
    blocks = make_blocks(-values)
    sizes = blocks.counts(weights)
    middle = np.cumsum(sizes, axis=1) - sizes + (sizes + 1) / 2
    place = np.zeros(len(values), np.int64)
    place[blocks.order] = np.searchsorted(blocks.starts, np.arange(len(values)), "right") - 1
    return np.asarray(middle[:, place], np.float64)


def _permutation_p(x: Values, y: Values, seed: int) -> float:
    if len(x) > _MOST_PERMUTED:
        return float(spearmanr(x, y).pvalue)
    a, b = rankdata(x) - (len(x) + 1) / 2, rankdata(y) - (len(y) + 1) / 2
    shuffled = np.random.default_rng([seed, len(x)]).permuted(
        np.tile(b, (_PERMUTATIONS, 1)), axis=1
    )
    extreme = (np.abs(shuffled @ a) >= abs(a @ b) - 1e-9).sum()
    return float((extreme + 1) / (_PERMUTATIONS + 1))
