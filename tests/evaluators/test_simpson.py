"""Volumes of drawn half-ellipsoids against their closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmark_n.evaluators.cardiac.simpson import (
    ejection_fraction,
    long_axis,
    measure_plane,
    volume,
)
from benchmark_n.masks import CropMask
from tests.evaluators.echo_samples import SPACING, crop, half_ellipse, half_ellipsoid


@pytest.mark.parametrize("tilt", [0.0, 0.15, -0.3])
def test_axis_runs_from_the_middle_of_the_base_to_the_apex(tilt: float) -> None:
    axis = long_axis(crop(half_ellipse(24, 80, tilt)), SPACING)
    assert axis is not None
    assert axis.length == pytest.approx(80, abs=0.6)
    assert math.degrees(math.atan2(axis.direction[0], -axis.direction[1])) == pytest.approx(
        math.degrees(tilt), abs=1.0
    )


@pytest.mark.parametrize("tilt", [0.0, 0.15, -0.3])
@pytest.mark.parametrize("fineness", [1, 2])
def test_biplane_volume_is_that_of_the_half_ellipsoid(tilt: float, fineness: int) -> None:
    spacing = (SPACING[0] / fineness, SPACING[1] / fineness)
    size = (300 * fineness, 260 * fineness)
    planes = [
        measure_plane(crop(half_ellipse(side, 80, tilt, spacing, size)), spacing)
        for side in (24, 30)
    ]
    assert planes[0] is not None
    assert planes[1] is not None
    length = (planes[0].length + planes[1].length) / 2
    found = volume([planes[0], planes[1]], length)
    # Twenty disks are exact to 1/1600; widths and length are to half a pixel in some 50 and 80 mm.
    assert found == pytest.approx(half_ellipsoid(24, 30, 80), rel=0.015 / fineness)


def test_one_plane_stands_for_both() -> None:
    plane = measure_plane(crop(half_ellipse(25, 80)), SPACING)
    assert plane is not None
    assert volume([plane], plane.length) == pytest.approx(half_ellipsoid(25, 25, 80), rel=0.015)


def test_no_axis_in_an_empty_mask_or_a_line() -> None:
    empty = CropMask.from_full(np.zeros((9, 9)))
    line = np.zeros((9, 9))
    line[3, 2:7] = 1
    assert long_axis(empty, SPACING) is None
    assert measure_plane(CropMask.from_full(line), SPACING) is None


def test_ejection_fraction_of_the_papers_example() -> None:
    assert ejection_fraction(100, 55) == pytest.approx(45)
    assert ejection_fraction(95, 57.75) == pytest.approx(39.2, abs=0.05)
    assert ejection_fraction(105, 52.25) == pytest.approx(50.2, abs=0.05)
