"""Totals out of a stratified sample, each decision weighed by the inverse of its probability.

Within a stratum everything is drawn with one probability, so the estimator of Horvitz and Thompson
[1]_ is the sum over strata of size times the share that was found wrong. Its interval is put
together from those of each stratum by the method of variance estimates recovery [2]_: unlike a
normal interval it has a width where nothing was found wrong, which is what a good set looks like.
What is looked at wholly has no width (the finite population correction [3]_). A stratum's lower end
is Clopper and Pearson's and its upper one Jeffreys' [4]_: of rare errors and few decisions Wilson's
lower ends together miss the truth in up to 16 of 100 samples, these in 5, and the upper ones in 2.

References
----------
.. [1] Horvitz, Thompson: A Generalization of Sampling Without Replacement From a Finite Universe,
   JASA 47 (1952).
.. [2] Zou, Huang, Zhang: A Note on Confidence Interval Estimation for a Linear Function of
   Binomial Proportions, Comput. Stat. Data Anal. 53 (2009).
.. [3] Cochran: Sampling Techniques, 3rd ed., chapter 2 (1977).
.. [4] Brown, Cai, DasGupta: Interval Estimation for a Binomial Proportion, Statist. Sci. 16 (2001).
.. [5] Wilson: Probable Inference, the Law of Succession, and Statistical Inference, JASA 22 (1927).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from scipy.stats import beta, norm

LEVEL = 0.95


@dataclass(frozen=True)
class Stratum:
    """Numbers of a stratum: all there are, those looked at, and those of these found wrong."""

    size: int
    decided: int
    wrong: int


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval."""

    value: float
    interval: tuple[float, float]

    def over(self, size: int) -> Estimate:
        """The same as a share of `size`."""
        low, high = self.interval
        return Estimate(self.value / size, (low / size, high / size))


def wilson(wrong: float, decided: float) -> tuple[float, float]:
    """Wilson's 95 % interval [5]_ of a share; 0 to 1 where nothing is decided.

    Parameters
    ----------
    wrong, decided
        Counts, or sums of weights as an effective sample has them.

    Examples
    --------
    >>> [round(value, 3) for value in wilson(0, 20)]
    [0.0, 0.161]
    """
    if decided <= 0:
        return 0.0, 1.0
    z = float(norm.ppf((1 + LEVEL) / 2))
    share, extra = wrong / decided, z * z / decided
    centre = (share + extra / 2) / (1 + extra)
    half = z * sqrt(max(share * (1 - share), 0.0) / decided + extra / 4 / decided) / (1 + extra)
    return max(min(centre - half, share), 0.0), min(max(centre + half, share), 1.0)


def estimate_total(strata: Sequence[Stratum]) -> Estimate | None:
    """How many are wrong in all; None where of a stratum nothing was looked at.

    Examples
    --------
    >>> found = estimate_total([Stratum(200, 200, 80), Stratum(1000, 50, 1)])
    >>> found.value, [round(value) for value in found.interval]
    (100.0, [81, 168])
    """
    if any(one.size and not one.decided for one in strata):
        return None
    value = below = above = 0.0
    for one in strata:
        if not one.size:
            continue
        share = one.wrong / one.decided
        low, high = _ends(one.wrong, one.decided)
        open_part = max(1 - one.decided / one.size, 0.0)
        value += one.size * share
        below += open_part * (one.size * (share - low)) ** 2
        above += open_part * (one.size * (high - share)) ** 2
    seen = sum(one.wrong for one in strata)
    most = sum(one.size - one.decided + one.wrong for one in strata)
    low, high = max(value - sqrt(below), seen), min(value + sqrt(above), most)
    return Estimate(value, (float(low), float(high)))


def _ends(wrong: int, decided: int) -> tuple[float, float]:
    """Clopper and Pearson's lower end, and Jeffreys' upper one, of a share."""
    right, tail = decided - wrong, (1 - LEVEL) / 2
    low = float(beta.ppf(tail, wrong, right + 1)) if wrong else 0.0
    high = float(beta.ppf(1 - tail, wrong + 0.5, right + 0.5)) if right else 1.0
    return low, high


def estimate_ratio(part: Estimate, rest: Estimate) -> Estimate | None:
    """`part` as a share of both, such as the errors of a list of all there are.

    The ends are those of both intervals at their worst: exact where one of the two is known, too
    wide otherwise. None where there is nothing.

    Examples
    --------
    >>> estimate_ratio(Estimate(80, (80, 80)), Estimate(20, (4, 102))).interval
    (0.43956043956043955, 0.9523809523809523)
    """
    if part.value + rest.value <= 0:
        return None
    low = part.interval[0] / max(part.interval[0] + rest.interval[1], 1e-300)
    high = part.interval[1] / max(part.interval[1] + rest.interval[0], 1e-300)
    value = part.value / (part.value + rest.value)
    return Estimate(value, (min(low, value), max(high, value)))
