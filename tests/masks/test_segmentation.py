"""Segmentations of real files, rasterised as pycocotools does, and the faults of broken ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from benchmark_n.masks import SegmentationError, rle_to_crop, segmentation_to_rle
from tests.conftest import SAMPLES, shared_file

BRAIN = "brain_tumor_maskrcnn/_annotations.coco.json"


@pytest.mark.parametrize("name", [*SAMPLES.values(), BRAIN])
def test_real_files_bit_for_bit(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    coco = COCO(str(shared_file(name)))
    for record in coco.dataset["annotations"]:
        image = coco.imgs[record["image_id"]]
        rle = segmentation_to_rle(record["segmentation"], image["height"], image["width"])
        np.testing.assert_array_equal(rle_to_crop(rle).full(), coco.annToMask(record))


def test_moving_a_polygon_is_not_exact() -> None:
    """Why polygons are rasterised in place: moved by whole pixels this one loses a pixel."""
    polygons = [
        [46.0, 3.0, 87.0, 40.0, 86.0, 16.0, 40.0, 81.0, 44.0, 5.0],
        [42.78, 46.85, 75.69, 17.23, 20.93, 81.51, 49.6, 34.71, 68.91, 40.81, 54.11, 18.25],
    ]
    expected = coco_mask.decode(coco_mask.merge(coco_mask.frPyObjects(polygons, 75, 66)))
    crop = rle_to_crop(segmentation_to_rle(polygons, 75, 66))
    np.testing.assert_array_equal(crop.full(), expected)
    fifths = [np.trunc(np.array(p) * 5 + 0.5).reshape(-1, 2) for p in polygons]
    moved = [((k - [5 * 20, 5 * 3]) / 5).ravel() for k in fifths]
    shifted = coco_mask.decode(coco_mask.merge(coco_mask.frPyObjects(moved, 72, 46)))
    assert (shifted != expected[3:, 20:]).any()


def test_all_encodings_of_a_mask_agree() -> None:
    mask = np.zeros((7, 9), np.uint8)
    mask[2:5, 3:8] = 1
    rle = coco_mask.encode(np.asfortranarray(mask))
    runs = [23, 3, 4, 3, 4, 3, 4, 3, 4, 3, 9]
    text = {"size": [7, 9], "counts": rle["counts"].decode()}
    forms: list[Any] = [
        [[3, 2, 8, 2, 8, 5, 3, 5]],
        text,
        [text],
        {"size": [7, 9], "counts": runs},
        {"size": [7, 9], "counts": [20, 0, 3, 3, 4, 1, 0, 2, 4, 3, 4, 3, 4, 3, 9, 0]},
        {"size": [7, 9], "counts": rle["counts"]},
    ]
    for form in forms:
        assert segmentation_to_rle(form, 7, 9) == rle


def test_nothing_drawn() -> None:
    rle = segmentation_to_rle([], 4, 5)
    assert coco_mask.area(rle) == 0
    assert rle_to_crop(rle).pixels.size == 0


@pytest.mark.parametrize(
    ("segmentation", "words"),
    [
        ([[1, 2, 3, 4, 5, 6, 7]], "7 coordinates"),
        ([[1, 2, 3, 4]], "2 points"),
        ([[1, 2, 3, 4, float("nan"), 6]], "NaN"),
        ([[1, 2, 3, 4, float("inf"), 6]], "NaN or infinity"),
        ([[1, 2, 3, 4, 5, 1e7]], "far outside"),
        ([[1, 2, 3, "4", 5, 6]], "no number"),
        ([3, 4], "expected a list of coordinates"),
        ({"size": [5, 4], "counts": "04"}, "expected the image's [4, 5]"),
        ({"size": [4, 5], "counts": "zz"}, "corrupt"),
        ({"size": [4, 5], "counts": [3, 3]}, "cover 6 pixels"),
        ({"size": [4, 5], "counts": [30, -10]}, "negative"),
        ({"size": [4, 5], "counts": [2**80]}, "longer than any image"),
        ({"size": [4, 5], "counts": [2.5]}, "whole numbers"),
        ({"size": [4, 5]}, "corrupt"),
        ({"counts": "04"}, "size None"),
        ("polygon", "str, expected polygons"),
        (None, "NoneType"),
    ],
)
def test_faults(segmentation: Any, words: str) -> None:
    with pytest.raises(SegmentationError) as error:
        segmentation_to_rle(segmentation, 4, 5)
    assert words in str(error.value)


def test_endless_outline() -> None:
    zigzag = [0.0, 0.0, 30_000.0, 30_000.0] * 2000
    with pytest.raises(SegmentationError, match="outline of"):
        segmentation_to_rle([zigzag], 10_000, 10_000)
