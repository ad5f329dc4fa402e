"""A measure over several noise seeds of one source, and differences with their p-values.

The units are the same under each noise seed, and so are the draws of the bootstrap
(`LabelErrorOptions.units_in_order`): a replicate of the mean is the mean of the replicates. It says
how sure the mean is over other units, for these noise seeds; the standard deviation over the seeds
stands beside it.

References
----------
.. [1] Efron, Tibshirani: An Introduction to the Bootstrap, 1993 (Section 16.4: tests by
       resampling the empirical distribution).
.. [2] Davison, Hinkley: Bootstrap Methods and their Application, 1997 (Section 4.2.1: one is added
       to counts of replicates).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evaluators.label_errors.bootstrap import interval

Values = NDArray[np.float64]


@dataclass(frozen=True)
class OverSeeds:
    """A mean over S noise seeds.

    Parameters
    ----------
    mean, sd
        Of the values, the latter of a sample (S - 1); None for a single seed.
    interval
        95 %, of the mean, over other units.
    replicates
        float64 (R,), of the mean.
    """

    mean: float
    sd: float | None
    interval: tuple[float, float] | None
    replicates: Values


def over_seeds(values: Sequence[float], replicates: Sequence[Values]) -> OverSeeds:
    """The mean of a measure over noise seeds.

    Parameters
    ----------
    values
        Of each seed.
    replicates
        Of each seed, float64 (R,), of the same draws.

    Examples
    --------
    >>> found = over_seeds([0.2, 0.4], [np.array([0.1, 0.3]), np.array([0.3, 0.5])])
    >>> round(found.mean, 3), round(found.sd or 0, 3), found.replicates.round(3).tolist()
    (0.3, 0.141, [0.2, 0.4])
    """
    drawn = np.mean(np.stack(list(replicates)), axis=0)
    sd = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return OverSeeds(float(np.mean(values)), sd, interval(drawn), drawn)


def difference(a: OverSeeds, b: OverSeeds) -> tuple[float, tuple[float, float] | None, float]:
    """``a - b``, its paired 95 % interval, and its two-sided p-value.

    The p-value is that of the percentile interval: twice the smaller share of the replicates of the
    difference on one side of 0, one replicate of each side added [2]_; it is never below
    ``2 / (R + 1)``.

    Examples
    --------
    >>> ones = OverSeeds(1.0, None, None, np.ones(99))
    >>> zero = OverSeeds(0.0, None, None, np.zeros(99))
    >>> difference(ones, zero)
    (1.0, (1.0, 1.0), 0.02)
    """
    drawn = a.replicates - b.replicates
    drawn = drawn[np.isfinite(drawn)]
    least = min(int((drawn <= 0).sum()), int((drawn >= 0).sum()))
    p = min(1.0, 2 * (least + 1) / (drawn.size + 1))
    return a.mean - b.mean, interval(drawn), p
