"""Group tests against SciPy, closed forms and brute force."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from benchmark_n.errors import InputError
from benchmark_n.evaluators.label_quality.group_tests import (
    compare_groups,
    paired_rank_biserial,
    rank_biserial,
)
from benchmark_n.evaluators.label_quality.holm import holm


def brute_holm(p: list[float]) -> list[float]:
    """Holm's procedure as he states it: step down, stop at the first that is kept."""
    order = sorted(range(len(p)), key=lambda i: p[i])
    adjusted = [0.0] * len(p)
    for rank, i in enumerate(order):
        adjusted[i] = min(1.0, max((len(p) - k) * p[order[k]] for k in range(rank + 1)))
    return adjusted


def test_holm_against_the_definition() -> None:
    rng = np.random.default_rng(0)
    for count in (1, 2, 7):
        p = rng.random(count).tolist()
        assert holm(p) == pytest.approx(brute_holm(p))
    assert len(holm([])) == 0


def test_effect_sizes_by_counting_pairs() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.integers(0, 6, 9).astype(float), rng.integers(0, 6, 7).astype(float)
    wins = sum(np.sign(x - y) for x in a for y in b) / (len(a) * len(b))
    assert rank_biserial(a, b) == pytest.approx(wins)
    assert paired_rank_biserial(np.array([1.0, 2.0, -3.0])) == pytest.approx(0.0)
    assert paired_rank_biserial(np.array([1.0, 2.0, 3.0])) == 1.0
    assert paired_rank_biserial(np.zeros(4)) == 0.0


def test_independent_groups_use_patients_not_annotations() -> None:
    rng = np.random.default_rng(2)
    patients = np.repeat(np.arange(12), 5)
    groups = np.where(patients < 7, "F", "M")
    values = rng.random(60) + (groups == "M") * 0.3
    (found,) = compare_groups(values, groups.tolist(), [str(p) for p in patients])
    means = np.array([values[patients == p].mean() for p in range(12)])
    expected = stats.mannwhitneyu(means[:7], means[7:])
    assert found.test == "mann-whitney"
    assert found.patients == (7, 5)
    assert found.p == found.p_holm == pytest.approx(expected.pvalue)
    assert found.difference == pytest.approx(means[:7].mean() - means[7:].mean())
    assert found.effect is not None
    assert found.effect < 0


def test_categories_are_compared_within_patients() -> None:
    rng = np.random.default_rng(3)
    patients = [str(p) for p in range(10)] * 2
    groups = ["a"] * 10 + ["b"] * 10
    values = rng.random(20)
    (found,) = compare_groups(values, groups, patients)
    assert found.test == "wilcoxon"
    assert found.p == pytest.approx(stats.wilcoxon(values[:10], values[10:]).pvalue)


def test_three_groups_are_corrected_and_small_ones_left_out() -> None:
    groups = ["a"] * 5 + ["b"] * 5 + ["c"] * 2
    patients = [str(i) for i in range(12)]
    found = compare_groups(np.arange(12.0), groups, patients)
    by_pair = {(one.first, one.second): one for one in found}
    assert by_pair["a", "c"].test == "too few"
    assert by_pair["a", "c"].p_holm is None
    assert by_pair["a", "b"].p_holm == by_pair["a", "b"].p


def test_faults() -> None:
    with pytest.raises(InputError, match="2 values, 1 groups"):
        compare_groups([1.0, 2.0], ["a"], ["1", "2"])
    with pytest.raises(InputError, match="finite"):
        compare_groups([np.nan], ["a"], ["1"])
