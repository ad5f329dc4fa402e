"""Agreement of rankings against scipy, closed forms and plain loops."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats

from benchmark_n.errors import InputError
from benchmark_n.evaluators.agreement import ranking_agreement


def ranking(values: np.ndarray) -> dict[str, list[float]]:
    """(seeds, detectors) as a ranking."""
    return {f"d{number}": column.tolist() for number, column in enumerate(np.atleast_2d(values).T)}


def test_tau_is_that_of_scipy_ties_and_all() -> None:
    rng = np.random.default_rng(1)
    for size in (3, 7, 20):
        for _ in range(20):
            first, second = (rng.integers(0, 6, (4, size)) / 4 for _ in range(2))
            found = ranking_agreement(ranking(first), ranking(second), replicates=1)
            expected = stats.kendalltau(first.mean(0), second.mean(0), variant="b").statistic
            assert found is not None
            if np.isnan(expected):
                assert found.tau is None
            else:
                assert found.tau == pytest.approx(expected)


def test_the_same_ranking_and_its_reverse() -> None:
    values = np.arange(8.0)
    for sign, verdict in ((1, "alike"), (-1, "otherwise")):
        found = ranking_agreement(ranking(values), ranking(sign * values))
        assert found is not None
        assert found.tau == sign
        assert found.interval == (sign, sign)
        assert found.verdict == verdict


def test_four_detectors_decide_nothing() -> None:
    """Their two exact p-values, by scipy: 2 / 24 is above 5 %, 2 / 120 of five is not."""
    for size, verdict in ((4, "unclear"), (5, "alike")):
        values = np.arange(float(size))
        found = ranking_agreement(ranking(values), ranking(values))
        assert found is not None
        assert found.verdict == verdict
        p_value = stats.kendalltau(values, values, method="exact").pvalue
        assert (p_value < 0.05) == (verdict == "alike")


def test_the_bootstrap_of_three_detectors_is_that_of_all_their_draws() -> None:
    """All 27 draws by hand: tau of (1, 2, 3) and (1, 3, 2) as scipy has it, NaN ones left out."""
    first, second = np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0])
    taus = [
        stats.kendalltau(first[list(draw)], second[list(draw)]).statistic
        for draw in product(range(3), repeat=3)
    ]
    known = np.sort([tau for tau in taus if np.isfinite(tau)])
    found = ranking_agreement(ranking(first), ranking(second), replicates=5000)
    assert found is not None
    # A quarter of the draws is -1 and more than a half 1: far from the 2.5 % points.
    assert found.interval == pytest.approx((known[0], known[-1]))


def test_the_interval_holds_the_tau_of_a_normal_distribution() -> None:
    """Greiner: tau of a bivariate normal of correlation r is 2 / pi * asin(r)."""
    rng, held, runs = np.random.default_rng(5), 0, 200
    for correlation in (0.0, 0.7):
        tau = 2 / np.pi * np.arcsin(correlation)
        for _ in range(runs // 2):
            pairs = rng.multivariate_normal((0, 0), [[1, correlation], [correlation, 1]], 25)
            found = ranking_agreement(ranking(pairs[:, 0]), ranking(pairs[:, 1]), replicates=200)
            assert found is not None
            assert found.interval is not None
            held += found.interval[0] <= tau <= found.interval[1]
    assert 0.88 * runs <= held <= 0.99 * runs


def test_seeds_that_differ_widen_the_interval() -> None:
    rng = np.random.default_rng(3)
    order = np.arange(12.0)
    steady = np.tile(order, (5, 1))
    shaken = steady + rng.normal(0, 15, steady.shape)
    shaken += order - shaken.mean(axis=0)
    widths = []
    for values in (steady, shaken):
        found = ranking_agreement(ranking(values), ranking(steady))
        assert found is not None
        assert found.tau == pytest.approx(1)
        assert found.interval is not None
        widths.append(found.interval[1] - found.interval[0])
    assert widths[0] == 0
    assert widths[1] > 0.1


def test_detectors_in_both_alone_are_compared() -> None:
    first = {"a": [1.0], "b": [2.0], "c": [3.0], "x": [9.0]}
    found = ranking_agreement(first, {"y": [0.0], "c": [3.0], "b": [2.0], "a": [1.0]})
    assert found is not None
    assert found.detectors == ("a", "b", "c")
    assert ranking_agreement(first, {"a": [1.0], "b": [2.0]}) is None


def test_rankings_that_are_none_are_refused() -> None:
    good = {"a": [1.0, 1.0], "b": [2.0, 1.0], "c": [3.0, 1.0]}
    with pytest.raises(InputError, match="c: 1 seeds, expected 2 as of a"):
        ranking_agreement(good, {**good, "c": [1.0]})
    with pytest.raises(InputError, match=r"b: its measure is \[nan, 1.0\], expected finite"):
        ranking_agreement(good, {**good, "b": [float("nan"), 1.0]})
