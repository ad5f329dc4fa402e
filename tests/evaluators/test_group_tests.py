"""Group tests against SciPy, all rearrangements, closed forms and drawn data."""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchmark_n.errors import InputError
from benchmark_n.evaluators.label_quality.group_tests import compare_groups, least_p
from benchmark_n.evaluators.label_quality.holm import holm
from benchmark_n.evaluators.label_quality.permutation import Sample, permutation_p


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


def brute_p(first: Any, second: Any, pairs: Any) -> float:
    """Every exchange of labels, with the means taken anew each time."""

    def difference(a: Any, b: Any, both: Any) -> float:
        x, y = [*a, *(u for u, _ in both)], [*b, *(v for _, v in both)]
        return float(np.mean(x) - np.mean(y))

    pooled, all_of_them = [*first, *second], []
    for chosen in combinations(range(len(pooled)), len(first)):
        a = [pooled[i] for i in chosen]
        b = [pooled[i] for i in range(len(pooled)) if i not in chosen]
        for flips in product((False, True), repeat=len(pairs)):
            both = [(v, u) if f else (u, v) for f, (u, v) in zip(flips, pairs, strict=True)]
            all_of_them.append(difference(a, b, both))
    centred = np.abs(np.array(all_of_them) - np.mean(all_of_them))
    seen = abs(difference(first, second, pairs) - np.mean(all_of_them))
    return float((centred >= seen - 1e-10).mean())


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 4), st.integers(0, 4), st.integers(1, 4))
def test_p_is_that_of_all_rearrangements(seed: int, n: int, m: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = rng.integers(0, 5, n) / 4, rng.integers(0, 5, m) / 4
    pairs = rng.integers(0, 5, (k, 2)) / 4
    found = permutation_p(Sample(first, second, pairs), 0)
    assert found == pytest.approx(brute_p(first, second, pairs.tolist()), abs=1e-12)


def mean_difference(a: Any, b: Any, axis: int) -> Any:
    return np.mean(a, axis=axis) - np.mean(b, axis=axis)


def test_p_is_scipys_for_independent_and_for_paired_units() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.random(7), rng.random(7) + 0.2
    options: dict[str, Any] = {"vectorized": True, "n_resamples": 10**6}
    none = np.zeros((0, 2))
    free = stats.permutation_test((a, b), mean_difference, **options)
    assert permutation_p(Sample(a, b, none), 0) == pytest.approx(free.pvalue)
    paired = stats.permutation_test((a, b), mean_difference, permutation_type="samples", **options)
    pairs = np.stack([a, b], axis=1)
    assert permutation_p(Sample(none[:, 0], none[:, 0], pairs), 0) == pytest.approx(paired.pvalue)


def test_drawn_permutations_agree_with_student_where_he_is_right() -> None:
    rng = np.random.default_rng(4)
    for shift in (0.0, 0.5, 0.8, 3.0):
        a, b = rng.normal(0, 1, 60), rng.normal(shift, 1, 50)
        expected = stats.ttest_ind(a, b).pvalue
        found = permutation_p(Sample(a, b, np.zeros((0, 2))), 0)
        if expected > 1e-2:
            assert found == pytest.approx(expected, rel=0.25)
        elif expected > 1e-4:
            assert found == pytest.approx(expected, rel=0.5)
        else:
            assert found < 1e-6


def test_units_count_not_annotations() -> None:
    """Ten and ten volumes of ten slices with one score each: n is 10 + 10, and p is their p."""
    rng = np.random.default_rng(11)
    scores = rng.random(20)
    volumes = np.repeat(np.arange(20), 10)
    groups = np.where(volumes < 10, "F", "M").tolist()
    names = [str(v) for v in volumes]
    (found,) = compare_groups(scores[volumes], groups, names)
    assert found.units == (10, 10)
    expected = stats.permutation_test(
        (scores[:10], scores[10:]), mean_difference, vectorized=True, n_resamples=99999, rng=0
    )
    assert found.p == pytest.approx(expected.pvalue, rel=0.15)
    assert found.difference == pytest.approx(scores[:10].mean() - scores[10:].mean())
    (each,) = compare_groups(scores[volumes], groups, [str(i) for i in range(200)])
    assert each.p < found.p / 2


@pytest.mark.parametrize(("shift", "seed"), [(0.0, 0), (0.6, 1), (0.8, 2), (1.0, 3), (2.0, 4)])
def test_a_crossing_unit_moves_p_little(shift: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = np.concatenate([rng.normal(0, 1, 30), rng.normal(shift, 1, 30)])
    groups, units = ["a"] * 30 + ["b"] * 30, [str(i) for i in range(60)]
    (before,) = compare_groups(values, groups, units)
    middle = int(np.argsort(values[:30])[15])
    crossing = [*values, values[middle] + shift / 2]
    (after,) = compare_groups(crossing, [*groups, "b"], [*units, str(middle)])
    assert (after.units, after.crossing) == ((30, 31), 1)
    assert before.p / 2 < after.p < before.p * 2


def test_random_groups_are_significant_as_often_as_they_may_be() -> None:
    """Volumes with a score each: p < .05 in 5 % of draws (200 draws; 4 binomial deviations)."""
    rng = np.random.default_rng(5)
    small = 0
    for _ in range(200):
        volumes = np.repeat(np.arange(16), 6)
        values = rng.random(16)[volumes] + rng.normal(0, 0.01, 96)
        groups = np.where(volumes < 8, "F", "M").tolist()
        (one,) = compare_groups(values, groups, [str(v) for v in volumes])
        small += one.p < 0.05
    assert small <= 200 * 0.05 + 4 * (200 * 0.05 * 0.95) ** 0.5


def test_the_interval_of_a_difference_is_near_welchs() -> None:
    rng = np.random.default_rng(6)
    a, b = rng.normal(0, 1, 200), rng.normal(0.4, 2, 150)
    units = [str(i) for i in range(350)]
    (one,) = compare_groups(np.concatenate([a, b]), ["a"] * 200 + ["b"] * 150, units)
    welch = stats.ttest_ind(a, b, equal_var=False).confidence_interval()
    assert one.difference_interval == pytest.approx((welch.low, welch.high), abs=0.05)
    pooled = (199 * a.var(ddof=1) + 149 * b.var(ddof=1)) / 348
    g = (a.mean() - b.mean()) / pooled**0.5 * (1 - 3 / (4 * 348 - 1))
    assert one.effect == pytest.approx(g)
    assert one.effect_interval is not None
    assert one.effect_interval[0] < g < one.effect_interval[1]


def test_too_few_units_are_said_and_do_not_count_in_the_correction() -> None:
    groups = ["a"] * 5 + ["b"] * 5 + ["c"] * 1
    found = compare_groups(np.arange(11.0), groups, [str(i) for i in range(11)])
    by_pair = {(one.first, one.second): one for one in found}
    lone = by_pair["a", "c"]
    assert lone.power_note == "with 5 and 1 units no difference can reach p < 0.05: " + (
        "the least p is 0.17"
    )
    assert (lone.p_holm, lone.difference_interval, lone.effect) == (None, None, None)
    assert by_pair["a", "b"].p_holm == by_pair["a", "b"].p == pytest.approx(2 / 252)


@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 4))
def test_the_least_p_is_that_of_the_clearest_difference(n: int, m: int, k: int) -> None:
    first, second = np.geomspace(1e3, 1e6, n), -np.geomspace(1, 1e3, m)
    clear = Sample(first, second, np.array([[1e9, 0.0]] * k).reshape(-1, 2))
    assert permutation_p(clear, 0) >= least_p(n, m, k) - 1e-12


def test_faults() -> None:
    with pytest.raises(InputError, match="2 values, 1 groups"):
        compare_groups([1.0, 2.0], ["a"], ["1", "2"])
    with pytest.raises(InputError, match="finite"):
        compare_groups([np.nan], ["a"], ["1"])
