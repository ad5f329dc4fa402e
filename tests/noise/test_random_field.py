"""The random field against Python's whole numbers, a spline of scipy's, and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.interpolate import BSpline

from benchmark_n.noise import random_field
from benchmark_n.noise.random_field import SCALES, smooth_field

SPLINE = BSpline.basis_element([-2, -1, 0, 1, 2], extrapolate=False)


def reference(
    seed: int, shape: tuple[int, int], length: float, amplitude: float
) -> NDArray[np.float64]:
    """The field in floating point throughout, with scipy's own spline."""
    axes = []
    for _, spacing in SCALES:
        step = random_field._rounded(spacing * length)
        pair = []
        for size in shape:
            points = math.floor((size - 1) / step) + 5
            places = np.arange(size)[:, None] / step - np.arange(-1, points - 1)[None]
            pair.append(np.nan_to_num(SPLINE(places)))
        axes.append(pair)
    grids = random_field._grids(seed, [(rows.shape[1], columns.shape[1]) for rows, columns in axes])
    total = sum(rows @ grid @ columns.T for grid, (rows, columns) in zip(grids, axes, strict=True))
    field: NDArray[np.float64] = amplitude / (151 / 315 * 8192) * np.asarray(total)
    return field


@pytest.mark.parametrize("length", [1.7, 5.0, 23.0])
def test_within_bounds_of_floating_point(length: float) -> None:
    """Positions are rounded to 1/128 of a cell, weights to 1/512."""
    found = smooth_field(9, (90, 70), length, 1e9)
    expected = reference(9, (90, 70), length, 1e9)
    assert np.abs(found - expected).max() < 0.06e9
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.9995


def test_sums_are_exact_whole_numbers() -> None:
    """The products in single precision equal those of Python's own whole numbers."""
    rows = [random_field._weights_of(64, step) for step in (1.0, 3.0, 9.0)]
    grids = random_field._grids(5, [(each.shape[1], each.shape[1]) for each in rows])
    found = random_field._interpolated(grids, [(each, each) for each in rows])
    whole = [[[int(value) for value in row] for row in each.tolist()] for each in rows]
    noise = [[[int(value) for value in row] for row in grid.tolist()] for grid in grids]
    for y, x in ((0, 0), (7, 31), (63, 63)):
        exact = 0
        for weights, white in zip(whole, noise, strict=True):
            for weight, row in zip(weights[y], white, strict=True):
                across = sum(a * b for a, b in zip(row, weights[x], strict=True))
                exact += weight * round(across / 512)  # halves to even, as rint
        assert int(found[y, x]) == exact


def test_no_sum_is_beyond_what_single_precision_holds() -> None:
    """The largest white noise on all grids, times the largest weights."""
    weights = random_field._phase_weights()
    assert (weights.sum(axis=1) == 512).all()
    assert weights.min() >= 0
    largest = sum(
        math.ceil(8192 * math.sqrt(share * words) * 32767.5 / (65536 / math.sqrt(12)) + 1)
        for (share, _), words in zip(SCALES, (2, 1, 1), strict=True)
    )
    assert 512 * (largest + 3) < 2**24


def test_a_larger_field_begins_with_the_smaller_one() -> None:
    small, large = smooth_field(3, (40, 30), 4.0, 1e9), smooth_field(3, (150, 210), 4.0, 1e9)
    np.testing.assert_array_equal(large[:40, :30], small)
    assert (smooth_field(4, (40, 30), 4.0, 1e9) != small).mean() > 0.99


@pytest.mark.parametrize("length", [3.0, 8.0])
def test_variance_and_correlation_are_those_of_the_spline(length: float) -> None:
    """A cubic spline of white noise correlates as the septic spline: its own convolution."""
    fields = np.stack([smooth_field(seed, (80, 80), length, 1e6) for seed in range(400)]) / 1e6
    # Cells of the coarsest grid in all fields bound the error of the variance.
    cells = 400 * (80 / (SCALES[-1][1] * length)) ** 2
    assert abs(fields.var() - 1) < 6 / math.sqrt(cells)
    septic = BSpline.basis_element(np.arange(-4, 5), extrapolate=False)
    for lag in (1, round(length / 2), round(length), round(2 * length)):
        found = (fields[:, :, :-lag] * fields[:, :, lag:]).mean() / fields.var()
        expected = sum(
            share * float(np.nan_to_num(septic(lag / (spacing * length)))) / float(septic(0))
            for share, spacing in SCALES
        )
        assert abs(found - expected) < 0.04
