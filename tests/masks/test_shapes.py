"""Contours, outlines and boundaries against OpenCV on whole canvases and pycocotools."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from benchmark_n.masks import CropMask
from benchmark_n.masks import boundary as boundary_module
from benchmark_n.masks.boundary import boundary, boundary_distance, boundary_iou
from benchmark_n.masks.contours import fill_contours, find_contours
from benchmark_n.masks.outline import mask_to_polygons
from tests import plain_engine

canvases = arrays.arrays(
    np.uint8, st.tuples(st.integers(1, 20), st.integers(1, 20)), elements=st.integers(0, 1)
).filter(lambda mask: bool(mask.any()))


def coarse(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Larger blobs than single random pixels."""
    return np.kron(mask, np.ones((3, 3), np.uint8))


@given(canvases, st.booleans())
def test_contours_are_undone_by_filling(mask: NDArray[np.uint8], blobs: bool) -> None:
    mask = coarse(mask) if blobs else mask
    parts = find_contours(CropMask.from_full(mask))
    np.testing.assert_array_equal(fill_contours(parts, *mask.shape).full(), mask)


@given(canvases, st.booleans())
def test_polygons_rasterise_to_their_mask(mask: NDArray[np.uint8], blobs: bool) -> None:
    mask = coarse(mask) if blobs else mask
    polygons = mask_to_polygons(CropMask.from_full(mask))
    rle = coco_mask.merge(coco_mask.frPyObjects(polygons, *mask.shape))
    np.testing.assert_array_equal(coco_mask.decode(rle), mask)


@given(canvases, st.integers(1, 5), st.booleans())
def test_boundary_is_mask_minus_erosions(
    mask: NDArray[np.uint8], distance: int, table_of_sums: bool
) -> None:
    mask = coarse(mask)
    kernel = np.ones((3, 3), np.uint8)
    eroded = cv2.erode(np.pad(mask, 1), kernel, iterations=distance)[1:-1, 1:-1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boundary_module, "_SMALL_CROP", 10**9 if table_of_sums else 0)
        found = boundary(CropMask.from_full(mask), distance)
    np.testing.assert_array_equal(found.full(), mask - eroded)


@given(arrays.arrays(np.uint8, (2, 12, 14), elements=st.integers(0, 1)))
def test_boundary_iou(pair: NDArray[np.uint8]) -> None:
    a, b = (coarse(mask) for mask in pair)
    ratio = 2 / np.hypot(36, 42)
    expected = plain_engine.iou(plain_engine.boundary(a, ratio), plain_engine.boundary(b, ratio))
    crop_a, crop_b = CropMask.from_full(a), CropMask.from_full(b)
    assert boundary_iou(crop_a, crop_b, 2) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize(
    ("height", "width", "ratio", "expected"),
    [(480, 640, 0.02, 16), (1024, 2048, 0.005, 11), (1, 1, 0.02, 1), (30, 40, 0.05, 2)],
)
def test_boundary_distance(height: int, width: int, ratio: float, expected: int) -> None:
    assert boundary_distance(height, width, ratio) == expected
