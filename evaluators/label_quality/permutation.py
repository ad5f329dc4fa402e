"""Permutations and bootstrap of the difference between two groups that may share units.

References
----------
.. [1] Phipson, Smyth: Permutation P-values Should Never Be Zero, SAGMB 9(1), 2010.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

Values = NDArray[np.float64]
EXACT = 20_000
# Rearrangements that are drawn where there are more: the many, where the few leave p below .1.
FEW, MANY = 999, 9999
_CLOSE, _RESOLVED = 100, 10
_ROUNDING = 1e-10


@dataclass(frozen=True)
class Sample:
    """Means of the units of one group alone, (n,) and (m,), and of those in both, (k, 2)."""

    first: Values
    second: Values
    pairs: Values

    @classmethod
    def of(cls, first: Mapping[str, float], second: Mapping[str, float]) -> Sample:
        """Of two groups, unit to mean."""
        both = [unit for unit in first if unit in second]
        return cls(
            np.array([value for unit, value in first.items() if unit not in second], float),
            np.array([value for unit, value in second.items() if unit not in first], float),
            np.array([[first[unit], second[unit]] for unit in both], float).reshape(-1, 2),
        )

    @cached_property
    def sizes(self) -> tuple[int, int]:
        """Units in the first and in the second group."""
        return len(self.first) + len(self.pairs), len(self.second) + len(self.pairs)

    def difference(self) -> float:
        """Mean over the units of the first group less that of the second."""
        a = np.concatenate([self.first, self.pairs[:, 0]])
        b = np.concatenate([self.second, self.pairs[:, 1]])
        return float(a.mean() - b.mean())

    def rearrangements(self) -> int:
        """In how many ways labels can be exchanged."""
        n, m = len(self.first), len(self.second)
        return comb(n + m, n) << len(self.pairs)


def permutation_p(sample: Sample, seed: int) -> float:
    """Two-sided p of the difference of means, centred on its mean over all rearrangements.

    Labels are shuffled among the units of one group and exchanged within those of both. All
    rearrangements are taken where they are at most `EXACT`; else some are drawn, the observed one
    among them [1]_. Where fewer than ten of these are as extreme, p is that of a normal
    distribution with the mean and variance over all rearrangements, which are known.

    Examples
    --------
    >>> sample = Sample.of({"a": 0.1, "b": 0.2, "c": 0.3}, {"d": 0.7, "e": 0.8, "f": 0.9})
    >>> sample.rearrangements(), permutation_p(sample, seed=0)  # this one and its mirror image
    (20, 0.1)
    """
    total = sample.rearrangements()
    observed = abs(_deviation(sample))
    reached = observed - _ROUNDING * _scale(sample)
    if total <= EXACT:
        return float((np.abs(_every(sample)) >= reached).mean())
    rng = np.random.default_rng([seed, len(sample.first), len(sample.second), len(sample.pairs)])
    extreme = _extreme(sample, reached, FEW, rng)
    drawn = FEW
    if extreme < _CLOSE:
        extreme += _extreme(sample, reached, MANY - FEW, rng)
        drawn = MANY
    p = (extreme + 1) / (drawn + 1)
    if extreme >= _RESOLVED:
        return p
    tail = float(2 * norm.sf(observed / _deviation_spread(sample)))
    return min(p, max(tail, 1 / total))


def bootstrap_effects(sample: Sample, replicates: int, seed: int) -> dict[str, Values]:
    """``difference`` and ``effect`` (replicates,) of units drawn anew within each kind of unit."""
    rng = np.random.default_rng([seed, replicates])
    kinds = (len(sample.first), len(sample.second), len(sample.pairs))
    own, other, both = (
        rng.multinomial(count, np.full(count, 1 / count), replicates)
        if count
        else np.zeros((replicates, 0), np.int64)
        for count in kinds
    )
    means, variances = zip(
        _moments(np.hstack([own, both]), np.concatenate([sample.first, sample.pairs[:, 0]])),
        _moments(np.hstack([other, both]), np.concatenate([sample.second, sample.pairs[:, 1]])),
        strict=True,
    )
    difference = means[0] - means[1]
    return {"difference": difference, "effect": _hedges(difference, variances, sample.sizes)}


def standardised(sample: Sample) -> float | None:
    """Hedges' g of unit means; None where they do not vary or a group has one unit."""
    if min(sample.sizes) < 2:
        return None
    weights = [np.ones((1, size)) for size in sample.sizes]
    a = _moments(weights[0], np.concatenate([sample.first, sample.pairs[:, 0]]))
    b = _moments(weights[1], np.concatenate([sample.second, sample.pairs[:, 1]]))
    value = _hedges(a[0] - b[0], (a[1], b[1]), sample.sizes)[0]
    return float(value) if np.isfinite(value) else None


def _moments(weights: NDArray[Any], values: Values) -> tuple[Values, Values]:
    """Mean and variance (n - 1) of values (n,) under each row of weights (R, n)."""
    count = len(values)
    mean = weights @ values / count
    square = weights @ (values - values.mean()) ** 2 / count - (mean - values.mean()) ** 2
    return mean, np.maximum(square, 0) * count / (count - 1)


def _hedges(difference: Values, variances: tuple[Values, Values], sizes: tuple[int, int]) -> Values:
    freedom = sum(sizes) - 2
    pooled = sum((n - 1) * v for n, v in zip(sizes, variances, strict=True)) / freedom
    ratio = np.full(len(difference), np.nan)
    np.divide(difference, np.sqrt(pooled), out=ratio, where=pooled > 0)
    return ratio * (1 - 3 / (4 * freedom - 1))


def _parts(sample: Sample) -> tuple[Values, float, Values]:
    """All values of one group, what each adds in the first group, and what an exchange changes.

    The difference is a constant, plus a share of the sum of those labelled first, plus or minus
    half an exchange for each unit of both.
    """
    n, m = sample.sizes
    pooled = np.concatenate([sample.first, sample.second])
    return pooled, 1 / n + 1 / m, (sample.pairs[:, 0] - sample.pairs[:, 1]) * (1 / n + 1 / m) / 2


def _scale(sample: Sample) -> float:
    """The largest value, to tell what a sum is off by rounding."""
    return max(
        (
            float(np.abs(part).max())
            for part in (sample.first, sample.second, sample.pairs)
            if part.size
        ),
        default=0.0,
    )


def _deviation(sample: Sample) -> float:
    """The difference of means less its mean over all rearrangements."""
    pooled, share, halves = _parts(sample)
    among = sample.first.sum() - len(sample.first) * pooled.mean() if pooled.size else 0.0
    return float(share * among + halves.sum())


def _deviation_spread(sample: Sample) -> float:
    """Its standard deviation over all rearrangements."""
    pooled, share, halves = _parts(sample)
    n, m = len(sample.first), len(sample.second)
    among = n * m / (n + m) * pooled.var(ddof=1) if n and m else 0.0
    return float(np.sqrt(share**2 * among + (halves**2).sum()))


def _every(sample: Sample) -> Values:
    """The deviations of all rearrangements."""
    pooled, share, halves = _parts(sample)
    centred = pooled - pooled.mean() if pooled.size else pooled
    chosen = list(combinations(range(len(pooled)), len(sample.first)))
    sums = share * np.array([centred[list(one)].sum() for one in chosen])
    signs = np.array(list(product((1, -1), repeat=len(halves)))).reshape(
        2 ** len(halves), len(halves)
    )
    return np.add.outer(sums, signs @ halves).ravel()


def _extreme(sample: Sample, reached: float, count: int, rng: np.random.Generator) -> int:
    """How many of `count` drawn rearrangements deviate as much."""
    pooled, share, halves = _parts(sample)
    centred = pooled - pooled.mean() if pooled.size else pooled
    among = np.zeros(count)
    if len(sample.first) and len(sample.second):
        shuffled = rng.permuted(np.tile(centred, (count, 1)), axis=1)
        among = share * shuffled[:, : len(sample.first)].sum(axis=1)
    flips = rng.integers(0, 2, (count, len(halves))) * 2 - 1
    return int((np.abs(among + flips @ halves) >= reached).sum())
