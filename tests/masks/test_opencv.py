"""What the bytes of a benchmark rest on in OpenCV: polygons filled, and contours simplified.

OpenCV 4.11 changed which border pixels `fillPoly` draws, OpenCV 4.13 which vertices `approxPolyDP`
keeps; from 4.13 on (4.14 and 5.0 included) the digests below hold. If a test of the digests fails,
the installed OpenCV makes other benchmarks.
"""

from __future__ import annotations

import hashlib
import math

import cv2
import numpy as np
import pytest

from benchmark_n.masks.contours import Contour, fill_contours, opencv_fault
from benchmark_n.noise.approximation import Approximation

FILLED = "643b5f212da7b7185fb40a129b2d1823117b27d99e0c950488e13430ea22a54b"
SIMPLIFIED = "4dd5ec1a66e3286e24f8a01a8e140db54c52e8039980bc77e388919e2c94bf01"
SIDE = 100


def outline(number: int) -> Contour:
    """A closed polygon around the middle, int32 (V, 1, 2)."""
    rng = np.random.default_rng([number])
    count = int(rng.integers(3, 40))
    angles = np.arange(count) * 2 * math.pi / count
    radii = rng.integers(5, 45, count)
    points = SIDE / 2 + radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    contour: Contour = np.rint(points).astype(np.int32)[:, None, :]
    return contour


def test_polygons_are_filled_as_from_opencv_4_11_on() -> None:
    total = hashlib.sha256()
    for number in range(200):
        total.update(fill_contours([[outline(number)]], SIDE, SIDE).full().tobytes())
    assert total.hexdigest() == FILLED, f"OpenCV {cv2.__version__} fills polygons otherwise"


def test_contours_are_simplified_as_from_opencv_4_13_on() -> None:
    noise = Approximation(probability=1, tolerance=3)
    total = hashlib.sha256()
    for number in range(200):
        mask = fill_contours([[outline(number)]], SIDE, SIDE)
        simplified = noise.apply(mask, {"tolerance": 1 + number / 40})
        total.update(simplified.full().tobytes())
    assert total.hexdigest() == SIMPLIFIED, f"OpenCV {cv2.__version__} simplifies otherwise"


@pytest.mark.parametrize(
    ("version", "old"),
    [("4.10.0", True), ("4.12.0-dev", True), ("4.13.0", False), ("5.0.0", False)],
)
def test_an_opencv_that_makes_other_bytes_is_told(
    monkeypatch: pytest.MonkeyPatch, version: str, old: bool
) -> None:
    monkeypatch.setattr(cv2, "__version__", version)
    fault = opencv_fault()
    assert (fault is not None and version in fault) if old else fault is None
