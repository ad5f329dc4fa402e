"""Do groups differ? Rank tests on one value a patient, with Holm's correction and effect sizes.

Annotations of a patient are no independent observations: each patient counts once in a group, by
the mean of its values there. Patients who are in both groups (groups of categories) are compared
with themselves.

References
----------
.. [1] Kerby: The Simple Difference Formula: An Approach to Teaching Nonparametric Correlation,
       Comprehensive Psychology 3, 2014 (rank-biserial correlations).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import mannwhitneyu, rankdata, wilcoxon

from benchmark_n.errors import InputError
from benchmark_n.evaluators.label_quality.holm import holm

Values = NDArray[np.float64]
_LEAST = 3


@dataclass(frozen=True)
class Comparison:
    """Two groups.

    Parameters
    ----------
    test
        ``mann-whitney``, ``wilcoxon`` where patients are in both groups, or ``too few``.
    patients
        Number of them in the first and in the second group; of pairs, twice the same.
    difference
        Mean of the first less mean of the second.
    effect
        Rank-biserial correlation, -1 to 1: positive where the first group has the larger values.
    p, p_holm
        Two-sided, as it is and corrected for all comparisons that were tested.
    """

    first: str
    second: str
    test: str
    patients: tuple[int, int]
    difference: float
    effect: float | None
    p: float | None
    p_holm: float | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def compare_groups(
    values: ArrayLike, groups: Sequence[str], patients: Sequence[str]
) -> list[Comparison]:
    """Each two groups of N values, on patients' means.

    Raises
    ------
    InputError
        Unequal lengths, or a value that is no finite number.
    """
    array = np.asarray(values, np.float64)
    if not len(array) == len(groups) == len(patients):
        raise InputError(
            f"group tests: {len(array)} values, {len(groups)} groups and {len(patients)} patients, "
            "expected as many of each"
        )
    if not np.isfinite(array).all():
        raise InputError("group tests: a value is not finite, expected numbers alone")
    means = patient_means(array, groups, patients)
    pairs = list(combinations(sorted(means), 2))
    found = [_compare(means[a], means[b]) for a, b in pairs]
    tested = [i for i, (_, _, _, p) in enumerate(found) if p is not None]
    corrected = dict(zip(tested, holm([found[i][3] for i in tested]).tolist(), strict=True))
    return [
        Comparison(
            a,
            b,
            test,
            counts,
            float(np.mean(list(means[a].values())) - np.mean(list(means[b].values()))),
            effect,
            p,
            corrected.get(i),
        )
        for i, ((a, b), (test, counts, effect, p)) in enumerate(zip(pairs, found, strict=True))
    ]


def patient_means(
    values: Values, groups: Sequence[str], patients: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Group to patient to the mean of its values there."""
    sums: dict[str, dict[str, list[float]]] = {}
    for value, group, patient in zip(values.tolist(), groups, patients, strict=True):
        sums.setdefault(group, {}).setdefault(patient, []).append(value)
    return {
        group: {patient: sum(found) / len(found) for patient, found in members.items()}
        for group, members in sums.items()
    }


def rank_biserial(first: Values, second: Values) -> float:
    """Chance that a value of the first is larger than one of the second, less the reverse."""
    ranks = rankdata(np.concatenate([first, second]))
    n, m = len(first), len(second)
    wins = ranks[:n].sum() - n * (n + 1) / 2
    return float(2 * wins / (n * m) - 1)


def paired_rank_biserial(differences: Values) -> float:
    """Rank sum of the positive differences less that of the negative ones, over all."""
    changed = differences[differences != 0]
    if not changed.size:
        return 0.0
    ranks = rankdata(np.abs(changed))
    return float((ranks * np.sign(changed)).sum() / ranks.sum())


def _compare(
    first: Mapping[str, float], second: Mapping[str, float]
) -> tuple[str, tuple[int, int], float | None, float | None]:
    """Test, numbers of patients, effect and p."""
    both = [patient for patient in first if patient in second]
    if both:
        differences = np.array([first[i] - second[i] for i in both])
        if len(both) < _LEAST or not differences.any():
            return "too few", (len(both), len(both)), None, None
        p = float(wilcoxon(differences).pvalue)
        return "wilcoxon", (len(both), len(both)), paired_rank_biserial(differences), p
    a, b = np.array(list(first.values())), np.array(list(second.values()))
    counts = (len(a), len(b))
    if min(counts) < _LEAST:
        return "too few", counts, None, None
    return "mann-whitney", counts, rank_biserial(a, b), float(mannwhitneyu(a, b).pvalue)
