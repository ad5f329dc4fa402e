"""Spearman's correlation over units against SciPy and a plain loop."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from benchmark_n.errors import InputError
from benchmark_n.evaluators.label_quality.trend import rank_trend, weighted_spearman


def test_the_correlation_is_scipys_of_units_means() -> None:
    rng = np.random.default_rng(0)
    units = np.repeat(np.arange(40), 5)
    ages = rng.integers(20, 60, 40).astype(float)
    values = rng.random(200) + ages[units] / 60
    found = rank_trend(values, ages[units], units)
    means = values.reshape(40, 5).mean(axis=1)
    expected = stats.spearmanr(means, ages)
    assert (found.units, found.power_note) == (40, None)
    assert found.correlation == pytest.approx(expected.statistic)
    assert found.p == pytest.approx(expected.pvalue, abs=2e-4)


def test_replicates_are_scipys_of_repeated_points() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.integers(0, 6, 15).astype(float), rng.integers(0, 6, 15).astype(float)
    weights = rng.multinomial(15, np.full(15, 1 / 15), 8)
    found = weighted_spearman(x, y, weights)
    for row, value in zip(weights, found, strict=True):
        expected = stats.spearmanr(np.repeat(x, row), np.repeat(y, row)).statistic
        assert value == pytest.approx(expected)


def test_the_interval_is_near_fishers() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=300)
    y = x + rng.normal(size=300)
    found = rank_trend(x, y, np.arange(300))
    assert found.correlation is not None
    middle, half = np.arctanh(found.correlation), 1.96 / 297**0.5 * 1.03
    expected = np.tanh([middle - half, middle + half])
    assert found.correlation_interval == pytest.approx(expected, abs=0.03)


def test_few_units_and_constants_are_said() -> None:
    few = rank_trend([1, 2, 3, 4], [1, 2, 3, 4], [0, 1, 2, 3])
    assert few.power_note == "with 4 units no correlation can reach p < 0.05"
    assert rank_trend([1, 1, 1], [1, 2, 3], [0, 1, 2]).correlation is None
    with pytest.raises(InputError, match="finite"):
        rank_trend([np.nan], [1], [0])
