"""The interior of large masks against OpenCV's erosion."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from benchmark_n.masks import CropMask
from benchmark_n.masks.boundary import interior


@pytest.mark.parametrize("distance", [1, 2, 3, 7, 16, 40])
def test_interior_is_an_erosion(distance: int) -> None:
    rng = np.random.default_rng(distance)
    pixels = np.ones((230, 190), np.uint8)
    pixels[tuple(rng.integers(0, 190, (2, 5)))] = 0
    found = interior(CropMask(pixels, 0, 0, 230, 190), distance)
    padded = cv2.copyMakeBorder(pixels, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    kernel = np.ones((3, 3), np.uint8)
    eroded = cv2.erode(padded, kernel, iterations=distance)[1:-1, 1:-1]
    assert np.array_equal(found.full(), eroded)
