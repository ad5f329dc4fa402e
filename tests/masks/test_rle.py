"""Runs and crops against pycocotools."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from benchmark_n.masks import CropMask, crop_to_rle, intersection_area, mask_iou, rle_to_crop
from benchmark_n.masks.rle import RleError, check_runs, counts_to_runs, parse_counts
from benchmark_n.masks.unroll import rles_to_crops

canvases = arrays.arrays(
    np.uint8, st.tuples(st.integers(1, 24), st.integers(1, 24)), elements=st.integers(0, 1)
)


def oracle(mask: NDArray[np.uint8]) -> Any:
    return coco_mask.encode(np.asfortranarray(mask))


@given(canvases)
def test_round_trip(mask: NDArray[np.uint8]) -> None:
    rle = oracle(mask)
    assert crop_to_rle(CropMask.from_full(mask)) == rle
    crop = rle_to_crop(rle)
    np.testing.assert_array_equal(crop.full(), mask)
    if mask.any():
        assert list(crop.bbox) == coco_mask.toBbox(rle).tolist()
        assert crop.pixels.shape == crop.bbox[:1:-1]
    assert crop.area == coco_mask.area(rle)


@given(st.lists(canvases, max_size=6))
def test_batches(masks: list[NDArray[np.uint8]]) -> None:
    for mask, crop in zip(masks, rles_to_crops([oracle(m) for m in masks]), strict=True):
        np.testing.assert_array_equal(crop.full(), mask)


@given(st.lists(st.integers(0, 2**24), min_size=1, max_size=16))
def test_large_runs(runs: list[int]) -> None:
    total = sum(runs)
    rle = coco_mask.frPyObjects({"size": [1, total], "counts": runs}, 1, total)
    assert counts_to_runs(rle["counts"]).tolist() == runs


def test_no_strings() -> None:
    runs, sizes = parse_counts([b"", b""])
    assert runs.tolist() == []
    assert sizes.tolist() == [0, 0]


@pytest.mark.parametrize("counts", [b"\x01", b"zz", b"5`", b"ooooooooooooo0", "é".encode()])
def test_corrupt_strings(counts: bytes) -> None:
    with pytest.raises(RleError):
        counts_to_runs(counts)


def test_runs_must_fill_the_image() -> None:
    with pytest.raises(RleError, match="cover 5 pixels, expected 2x3"):
        check_runs(np.array([2, 3]), 2, 3)
    with pytest.raises(RleError, match="negative"):
        check_runs(np.array([7, -1]), 2, 3)


@given(arrays.arrays(np.uint8, (2, 9, 11), elements=st.integers(0, 1)))
def test_iou(pair: NDArray[np.uint8]) -> None:
    a, b = (CropMask.from_full(mask) for mask in pair)
    rles = [oracle(mask) for mask in pair]
    assert intersection_area(a, b) == coco_mask.area(coco_mask.merge(rles, intersect=True))
    expected = coco_mask.iou([rles[0]], [rles[1]], [0])[0][0] if pair.any() else 1.0
    assert mask_iou(a, b) == pytest.approx(expected, abs=1e-15)


@given(canvases, st.integers(0, 5))
def test_grown_keeps_the_mask(mask: NDArray[np.uint8], margin: int) -> None:
    np.testing.assert_array_equal(CropMask.from_full(mask).grown(margin).full(), mask)
