"""Estimates of a stratified sample: their formulas by hand, and how often the interval is right."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from benchmark_n.evaluators.sampling import (
    Estimate,
    Stratum,
    allocate,
    estimate_ratio,
    estimate_total,
    score_strata,
    wilson,
)


def test_strata_by_score() -> None:
    rng = np.random.default_rng(2)
    scores = rng.random(83).round(1)  # with many ties
    ids = rng.permutation(83)
    strata = np.array(score_strata(scores, ids, 20))
    assert np.bincount(strata).tolist() == [20, 16, 16, 16, 15]
    order = sorted(range(83), key=lambda i: (-scores[i], ids[i]))
    assert (np.diff(strata[order]) >= 0).all()
    assert score_strata(np.ones(3), np.arange(3), 5) == [0, 0, 0]
    # The same whatever the order of the file.
    turn = rng.permutation(83)
    assert strata[turn].tolist() == score_strata(scores[turn], ids[turn], 20)


@pytest.mark.parametrize("sample", [1, 5, 17, 100, 999, 10_000])
def test_all_that_is_asked_for_is_drawn(sample: int) -> None:
    sizes = [200, 330, 330, 330, 329]
    taken = allocate(sizes, sample)
    assert sum(taken) == min(sample, sum(sizes))
    assert all(one <= size for one, size in zip(taken, sizes, strict=True))
    assert min(taken) > 0 or sample < 5


def test_the_total_is_the_sum_of_weights() -> None:
    strata = [Stratum(200, 150, 60), Stratum(300, 25, 3), Stratum(4000, 75, 1)]
    found = estimate_total(strata)
    assert found is not None
    # Horvitz and Thompson: each error found counts for as many as its item stands for.
    weights = [200 / 150] * 60 + [300 / 25] * 3 + [4000 / 75]
    assert found.value == pytest.approx(sum(weights))
    assert found.over(4500).value == pytest.approx(sum(weights) / 4500)
    # Its ends by SciPy's limits of one share, with the variances put together.
    for side, exact in ((0, True), (1, False)):
        reach = 0.0
        for one in strata:
            share = one.wrong / one.decided
            limit = binomtest(one.wrong, one.decided).proportion_ci(0.95)[side]
            reach += (1 - one.decided / one.size) * (one.size * (limit - share)) ** 2
        far = abs(found.interval[side] - found.value)
        if exact:
            assert far == pytest.approx(np.sqrt(reach))
        else:  # Jeffreys' upper end lies within Clopper and Pearson's
            assert 0.8 * np.sqrt(reach) < far < np.sqrt(reach)


def test_what_was_looked_at_wholly_is_known() -> None:
    assert estimate_total([Stratum(40, 40, 7), Stratum(0, 0, 0)]) == Estimate(7, (7, 7))
    assert estimate_total([Stratum(40, 40, 7), Stratum(9, 0, 0)]) is None
    assert estimate_total([]) == Estimate(0, (0, 0))


@pytest.mark.parametrize("sample", [100, 300])
@pytest.mark.parametrize(
    "rates",
    [
        [0.4, 0.15, 0.05, 0.03, 0.02, 0.01],
        [0.4, 0.02, 0.005, 0.002, 0.001, 0.0],
        [0.6, 0.3, 0.2, 0.15, 0.1, 0.08],
        [0.3, 0.01, 0.01, 0.01, 0.01, 0.01],
    ],
)
def test_the_interval_covers_the_true_total(rates: list[float], sample: int) -> None:
    """Samples are drawn from known sets, again and again; a list of 200 is decided wholly."""
    rng = np.random.default_rng(sample)
    sizes = [200, 200, 1150, 1150, 1150, 1150]
    errors = [round(size * rate) for size, rate in zip(sizes, rates, strict=True)]
    drawn = allocate(sizes[1:], sample)
    covered, values, repeats = 0, [], 600
    for _ in range(repeats):
        strata = [Stratum(200, 200, errors[0])]
        for size, wrong, taken in zip(sizes[1:], errors[1:], drawn, strict=True):
            seen = int(rng.hypergeometric(wrong, size - wrong, taken))
            strata.append(Stratum(size, taken, seen))
        found = estimate_total(strata)
        assert found is not None
        values.append(found.value)
        covered += found.interval[0] <= sum(errors) <= found.interval[1]
    assert covered / repeats >= 0.93
    # Unbiased: the mean of the estimates is the truth, to four standard errors.
    error = np.std(values) / np.sqrt(repeats)
    assert abs(np.mean(values) - sum(errors)) < 4 * error + 1e-9


@pytest.mark.parametrize(("wrong", "decided"), [(0, 20), (3, 40), (20, 20), (1, 7)])
def test_wilson_against_scipy(wrong: int, decided: int) -> None:
    expected = binomtest(wrong, decided).proportion_ci(0.95, method="wilson")
    assert wilson(wrong, decided) == pytest.approx(tuple(expected))


def test_a_ratio_of_two_estimates() -> None:
    known = Estimate(80, (80, 80))
    found = estimate_ratio(known, Estimate(20, (4, 102)))
    assert found is not None
    assert found.value == 0.8
    assert found.interval == pytest.approx((80 / 182, 80 / 84))
    assert estimate_ratio(Estimate(0, (0, 0)), Estimate(0, (0, 0))) is None
    none_listed = estimate_ratio(Estimate(0, (0, 0)), Estimate(9, (2, 30)))
    assert none_listed == Estimate(0, (0, 0))
