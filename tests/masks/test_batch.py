"""Masks in batches against one by one, and against pycocotools."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from benchmark_n.masks import segmentation_to_rle
from benchmark_n.masks.batch import rle_areas, rle_boxes, segmentations_to_rles
from tests.evaluators.coco_samples import blob, encode

SIZE = (40, 50)


def samples(count: int) -> list[Any]:
    rng = np.random.default_rng(1)
    made: list[Any] = []
    for place in range(count):
        mask = blob(rng, *SIZE)
        compressed = encode(mask)
        runs = np.diff(np.flatnonzero(np.diff(mask.ravel("F"), prepend=2, append=2))).tolist()
        plain = {"size": list(SIZE), "counts": runs if mask[0, 0] == 0 else [0, *runs]}
        made.append([compressed, plain, [[3, 3, 20, 5, 11, 30 + place % 7]]][place % 3])
    return made


def test_each_is_what_it_is_alone() -> None:
    values = samples(700)
    found = segmentations_to_rles(values, [SIZE] * 700, lambda place, fault: ValueError(fault))
    assert found == [segmentation_to_rle(value, *SIZE) for value in values]


def test_areas_and_boxes_of_many_are_those_of_each() -> None:
    rles = segmentations_to_rles(samples(600), [SIZE] * 600, lambda p, f: ValueError(f))
    assert rle_areas(rles).tolist() == [float(coco_mask.area(rle)) for rle in rles]
    assert (rle_boxes(rles) == [coco_mask.toBbox(rle) for rle in rles]).all()
    assert rle_areas([]).shape == (0,)
    assert rle_boxes([]).shape == (0, 4)


@pytest.mark.parametrize(
    ("bad", "line"),
    [
        ({"size": [40, 50], "counts": "~~"}, "corrupt RLE counts"),
        ({"size": [50, 40], "counts": "0"}, "RLE size"),
        ({"size": [40, 50], "counts": "11"}, "cover"),
        (None, "expected polygons or an RLE"),
        ({"size": [40, 50], "counts": ""}, "cover 0 pixels"),
    ],
)
def test_the_first_bad_one_is_named(bad: Any, line: str) -> None:
    values = samples(300)
    values[270] = bad

    def fault(place: int, text: str) -> Exception:
        return ValueError(f"mask {place}: {text}")

    with pytest.raises(ValueError, match=f"mask 270: .*{line}"):
        segmentations_to_rles(values, [SIZE] * 300, fault)


def test_runs_of_length_zero_are_joined() -> None:
    text = coco_mask.frPyObjects({"size": [2, 3], "counts": [1, 2, 0, 1, 2]}, 2, 3)
    value = {"size": [2, 3], "counts": text["counts"]}
    found = segmentations_to_rles([value], [(2, 3)], lambda p, f: ValueError(f))
    assert found == [segmentation_to_rle(value, 2, 3)]
