"""Means over seeds and p-values of differences against closed forms and counts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from benchmark_n.evaluators.label_errors.bootstrap import bootstrap
from benchmark_n.evaluators.label_errors.over_seeds import OverSeeds, difference, over_seeds


def of_units(values: np.ndarray, seed: int = 0, count: int = 1000) -> OverSeeds:
    """The mean over units, and its replicates."""
    size = len(values)
    drawn = bootstrap(lambda w: {"mean": w @ values / size}, size, size, count, seed)["mean"]
    return over_seeds([float(values.mean())], [drawn])


def test_the_p_value_is_the_normal_ones_of_a_mean() -> None:
    rng = np.random.default_rng(1)
    zero = OverSeeds(0.0, None, None, np.zeros(20000))
    for shift in (0.0, 0.1, 0.2, 0.3):
        values = rng.normal(shift, 1, 200)
        _, spread, p = difference(of_units(values, count=20000), zero)
        error = values.std() / np.sqrt(200)
        assert p == pytest.approx(2 * stats.norm.sf(abs(values.mean()) / error), abs=0.02)
        assert spread == pytest.approx(
            [values.mean() - 1.96 * error, values.mean() + 1.96 * error], abs=0.01
        )


def test_no_difference_is_found_as_often_as_the_level_says() -> None:
    rng = np.random.default_rng(2)
    found = []
    for seed in range(400):
        values = rng.normal(0, 1, (2, 80))
        a, b = (of_units(row, seed, 200) for row in values)
        found.append(difference(a, b)[2] < 0.05)
    # 5 % of 400 is 20; beyond 8 to 34 once in a thousand times.
    assert 8 <= sum(found) <= 34


def test_noise_seeds_of_one_source_do_not_add_units() -> None:
    """Five seeds over the same units are no five times as many: the interval stays as wide."""
    values = np.random.default_rng(3).normal(0, 1, 100)
    one = of_units(values)
    five = over_seeds([one.mean] * 5, [one.replicates] * 5)
    assert five.interval == pytest.approx(one.interval)
    assert five.mean == pytest.approx(one.mean)
    assert five.sd == pytest.approx(0)


def test_a_p_value_is_never_nought_and_never_above_one() -> None:
    ones, zeros = (OverSeeds(v, None, None, np.full(9, v)) for v in (1.0, 0.0))
    assert difference(ones, zeros)[2] == pytest.approx(0.2)
    assert difference(zeros, zeros)[2] == 1.0
    assert over_seeds([0.5], [np.ones(3)]).sd is None
