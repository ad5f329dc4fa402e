"""Prompts: inside the mask, uniform over it, and one corner of the box alone."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from scipy.stats import chisquare, kstest

from benchmark_n.masks import CropMask
from benchmark_n.runtime.random_streams import Stream
from benchmark_n.weak.prompts import (
    CORNERS,
    box_centre,
    mask_centre,
    move_corner,
    random_pixel,
    sketch,
)

SIZE = 60


def canvas() -> NDArray[np.uint8]:
    return np.zeros((SIZE, SIZE), np.uint8)


def ring() -> NDArray[np.uint8]:
    return np.asarray(cv2.circle(canvas(), (30, 30), 20, 1, 3), np.uint8)


def crescent() -> NDArray[np.uint8]:
    moon = cv2.circle(canvas(), (30, 30), 20, 1, -1)
    return np.asarray(cv2.circle(moon, (38, 30), 17, 0, -1), np.uint8)


def parts() -> NDArray[np.uint8]:
    mask = canvas()
    mask[0:4, 0:4] = mask[40:60, 50:60] = 1
    return mask


SHAPES = {
    "ring": ring(),
    "crescent": crescent(),
    "parts": parts(),
    "bar": np.asarray(cv2.rectangle(canvas(), (5, 20), (54, 22), 1, -1), np.uint8),
    "pixel": np.asarray(cv2.circle(canvas(), (59, 59), 0, 1), np.uint8),
}


def border_distance(mask: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Distance of every mask pixel to the nearest other pixel or place outside, by brute force."""
    padded = np.pad(mask, 1)
    inside, outside = np.argwhere(padded), np.argwhere(padded == 0)
    return np.asarray(cdist(inside, outside).min(1))


@pytest.mark.parametrize("name", SHAPES)
def test_the_middle_point_is_the_inside_pixel_farthest_from_the_border(name: str) -> None:
    mask = SHAPES[name]
    x, y = mask_centre(CropMask.from_full(mask))
    assert mask[int(y), int(x)]
    distances = border_distance(mask)
    at = distances[(np.argwhere(mask) == (y, x)).all(1)]
    assert at[0] == pytest.approx(distances.max(), abs=1e-3)


def test_the_middle_of_a_bar_is_in_its_middle() -> None:
    x, y = mask_centre(CropMask.from_full(SHAPES["bar"]))
    assert abs(x - 29.5) <= 0.5
    assert y == 21


def test_the_middle_of_a_box_may_be_outside_the_mask() -> None:
    x, y = box_centre((10, 20, 41, 11))
    assert (x, y) == (30, 25)


@given(st.integers(0, 2**32), st.sampled_from(sorted(SHAPES)))
def test_a_middle_point_lies_in_any_mask(seed: int, name: str) -> None:
    rng = np.random.default_rng(seed)
    mask = SHAPES[name] & (rng.random((SIZE, SIZE)) < 0.7)
    if mask.any():
        x, y = mask_centre(CropMask.from_full(mask))
        assert mask[int(y), int(x)]


@pytest.mark.parametrize("name", ["ring", "crescent", "parts"])
def test_the_noisy_point_is_uniform_over_the_mask(name: str) -> None:
    mask = SHAPES[name]
    crop = CropMask.from_full(mask)
    counts = np.zeros(mask.shape, int)
    draws = 40 * crop.area
    for identity in range(draws):
        uniform = Stream(101, "weak", identity).uniform("pixel")
        x, y = random_pixel(crop, uniform)
        counts[int(y), int(x)] += 1
    assert not counts[mask == 0].any()
    assert chisquare(counts[mask == 1]).pvalue > 1e-3


def moves(unit: str, count: int = 4000) -> list[tuple[Any, ...]]:
    box = (200.0, 300.0, 80.0, 40.0)
    return [
        (
            box,
            move_corner(
                box, Stream(101, "weak", i), 0.05 if unit == "share" else 2, unit, *[999] * 2
            ),
        )
        for i in range(count)
    ]


@pytest.mark.parametrize("unit", ["share", "px"])
def test_one_corner_moves_and_no_other(unit: str) -> None:
    shifts: dict[str, list[tuple[float, float]]] = {corner: [] for corner in CORNERS}
    for (x, y, w, h), noisy in moves(unit):
        a, b, c, d = noisy.box
        before = {"left": x, "right": x + w, "top": y, "bottom": y + h}
        after = {"left": a, "right": a + c, "top": b, "bottom": b + d}
        vertical, horizontal = noisy.corner.split("-")
        for side in before:
            if side not in (vertical, horizontal):
                assert after[side] == before[side]
        shifts[noisy.corner].append(
            (after[horizontal] - before[horizontal], after[vertical] - before[vertical])
        )
    assert chisquare([len(rows) for rows in shifts.values()]).pvalue > 1e-3
    moved = np.array([shift for rows in shifts.values() for shift in rows])
    sigmas = (0.05 * 80, 0.05 * 40) if unit == "share" else (2, 2)
    for axis, sigma in enumerate(sigmas):
        assert kstest(moved[:, axis] / sigma, "norm").pvalue > 1e-3
    assert abs(np.corrcoef(moved.T)[0, 1]) < 0.06


@given(st.integers(0, 2**32), st.floats(0.1, 5))
def test_a_noisy_box_stays_in_the_image_and_keeps_a_pixel(seed: int, sigma: float) -> None:
    x, y, w, h = move_corner((2, 3, 30, 20), Stream(seed, "weak", 1), sigma, "share", 25, 40).box
    assert x >= 0
    assert y >= 0
    assert w >= 1
    assert h >= 1
    assert x + w <= 40
    assert y + h <= 25


def test_a_sketch_is_the_mask_in_cells() -> None:
    mask = np.zeros((40, 50), np.uint8)
    mask[8:24, 10:42] = 1
    mask[8:16, 26:42] = 0  # an L in cells of 16 x 8
    rough = sketch(CropMask.from_full(mask), 2)
    np.testing.assert_array_equal(rough.full(), mask)
    one = sketch(CropMask.from_full(mask), 1)
    assert one.area == 32 * 16
