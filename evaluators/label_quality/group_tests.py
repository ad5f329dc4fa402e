"""Do groups differ? Permutation tests on one value a unit, with intervals and Holm's correction.

Values of one unit (patient, volume) are no independent observations: a unit counts once in a
group, by the mean of its values there. Units in both groups are kept, as members of each. The
statistic is the difference of the groups' means over units; under the null hypothesis the labels
of units of one group can be exchanged among these, and the two means of a unit of both groups can
be exchanged with one another. So the permutations are stratified by unit: paired within units of
both groups, free among the others [1]_.

References
----------
.. [1] Good: Permutation, Parametric, and Bootstrap Tests of Hypotheses, 3rd ed., 2005 (stratified
       and matched designs); Einsporn, Habtzghi: Combining Paired and Two-Sample Data using a
       Permutation Test, J. Data Sci. 11, 2013.
.. [2] Hedges: Distribution Theory for Glass's Estimator of Effect Size, J. Educ. Stat. 6, 1981.
.. [3] Tarone: A Modified Bonferroni Method for Discrete Data, Biometrics 46, 1990 (a comparison
       whose least p is too large does not count).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark_n.errors import InputError
from benchmark_n.evaluators.label_errors.bootstrap import interval
from benchmark_n.evaluators.label_quality.holm import holm
from benchmark_n.evaluators.label_quality.permutation import (
    Sample,
    bootstrap_effects,
    permutation_p,
    standardised,
)

Values = NDArray[np.float64]
Means = Mapping[str, Mapping[str, float]]
REPLICATES = 1000
LEVEL = 0.05
TEST = "permutation of unit means, stratified by unit"


@dataclass(frozen=True)
class Comparison:
    """Two groups.

    Parameters
    ----------
    units
        Number of units in the first and in the second group; those in both count in each.
    crossing
        Number of units in both.
    difference, difference_interval
        Of the groups' means over units, first less second, and its 95 % bootstrap interval over
        units; None for the interval of fewer than two units a group.
    effect, effect_interval
        The difference over the pooled standard deviation of unit means, corrected for few units
        (Hedges' g) [2]_.
    p, p_holm
        Two-sided, as it is and corrected for all comparisons that could reach p < .05 [3]_; the
        latter is None for the others.
    power_note
        Said where even the clearest difference could not reach p < .05 with these units.
    """

    first: str
    second: str
    units: tuple[int, int]
    crossing: int
    difference: float
    difference_interval: tuple[float, float] | None
    effect: float | None
    effect_interval: tuple[float, float] | None
    p: float
    p_holm: float | None
    power_note: str | None
    test: str = TEST

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def compare_groups(
    values: ArrayLike, groups: Sequence[str], units: Sequence[str], *, seed: int = 0
) -> list[Comparison]:
    """Each two groups of N values, on units' means.

    Parameters
    ----------
    values
        Shape (N,).
    groups, units
        Of each value.
    seed
        Of the intervals, and of the permutations where they are too many to take all.

    Raises
    ------
    InputError
        Unequal lengths, or a value that is no finite number.

    Examples
    --------
    >>> (one,) = compare_groups([1, 1, 2, 5, 6, 7], list("aaabbb"), list("uuvwxy"))
    >>> one.units, round(one.p, 2), one.power_note
    ((2, 3), 0.1, 'with 2 and 3 units no difference can reach p < 0.05: the least p is 0.1')
    """
    array = np.asarray(values, np.float64)
    if not len(array) == len(groups) == len(units):
        raise InputError(
            f"group tests: {len(array)} values, {len(groups)} groups and {len(units)} units, "
            "expected as many of each"
        )
    if not np.isfinite(array).all():
        raise InputError("group tests: a value is not finite, expected numbers alone")
    means = unit_means(array, groups, units)
    found = [_compare(a, b, means, seed) for a, b in combinations(sorted(means), 2)]
    tested = [i for i, one in enumerate(found) if one.power_note is None]
    corrected = holm([found[i].p for i in tested]).tolist()
    for i, value in zip(tested, corrected, strict=True):
        found[i] = replace(found[i], p_holm=value)
    return found


def unit_means(
    values: Values, groups: Sequence[str], units: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Group to unit to the mean of its values there."""
    sums: dict[str, dict[str, list[float]]] = {}
    for value, group, unit in zip(values.tolist(), groups, units, strict=True):
        sums.setdefault(group, {}).setdefault(unit, []).append(value)
    return {
        group: {unit: sum(found) / len(found) for unit, found in members.items()}
        for group, members in sums.items()
    }


def least_p(first: int, second: int, crossing: int) -> float:
    """The least two-sided p that units can give: `first` and `second` of one group, and of both.

    >>> least_p(3, 3, 0), least_p(0, 0, 5)
    (0.1, 0.0625)
    """
    ways = comb(first + second, first) << crossing
    # The mirror image of the extreme is as extreme, where it is another one of the same sizes.
    mirrored = first == second or not first or not second
    return min(1.0, (2 if mirrored else 1) / ways)


def _compare(a: str, b: str, means: Means, seed: int) -> Comparison:
    sample = Sample.of(means[a], means[b])
    counts = (len(means[a]), len(means[b]))
    p = permutation_p(sample, seed)
    drawn = bootstrap_effects(sample, REPLICATES, seed) if min(counts) > 1 else {}
    least = least_p(len(sample.first), len(sample.second), len(sample.pairs))
    note = None
    if least >= LEVEL:
        note = (
            f"with {counts[0]} and {counts[1]} units no difference can reach p < {LEVEL}: "
            f"the least p is {least:.2g}"
        )
    return Comparison(
        a,
        b,
        counts,
        len(sample.pairs),
        sample.difference(),
        interval(drawn["difference"]) if drawn else None,
        standardised(sample),
        interval(drawn["effect"]) if drawn else None,
        p,
        None,
        note,
    )
