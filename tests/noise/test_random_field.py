"""The random field against whole-number arithmetic, a spline of scipy's, and closed forms."""

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
    field = np.zeros(shape)
    for number, (share, spacing) in enumerate(SCALES):
        step = random_field._rounded(spacing * length)
        axes = []
        for size in shape:
            points = math.floor((size - 1) / step) + 4
            places = np.arange(size)[:, None] / step - np.arange(-1, points - 1)[None]
            axes.append(np.nan_to_num(SPLINE(places)))
        white = random_field._white(seed, number, axes[0].shape[1], axes[1].shape[1])
        gain = math.sqrt(share) / (151 / 315 * 65536 * math.sqrt(1 / 3))
        field += amplitude * gain * axes[0] @ white @ axes[1].T
    return field


@pytest.mark.parametrize("length", [1.7, 5.0, 23.0])
def test_within_bounds_of_floating_point(length: float) -> None:
    """Positions are rounded to 1/64 of a cell, weights to 1/1024."""
    found = smooth_field(9, (90, 70), length, 1e9)
    expected = reference(9, (90, 70), length, 1e9)
    assert np.abs(found - expected).max() < 0.06e9
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.9995


def test_sums_are_exact_whole_numbers() -> None:
    """The product in double precision equals that of Python's own whole numbers."""
    rows = random_field._weights(64, 3.0)
    white = random_field._white(5, 0, rows.shape[1], rows.shape[1]) * 2.0**-8
    found = random_field._product(rows, white, rows) * 2**8
    whole = [[int(value) for value in row] for row in rows.tolist()]
    noise = [[int(value * 2**8) for value in row] for row in white.tolist()]
    for y, x in ((0, 0), (7, 31), (63, 63)):
        exact = sum(
            a * noise[i][j] * b
            for i, a in enumerate(whole[y])
            for j, b in enumerate(whole[x])
            if a and b
        )
        assert int(found[y, x]) == exact


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
