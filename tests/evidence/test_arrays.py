"""Evidence and instances of plain arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from benchmark_n.detectors import build_detector, run_detector
from benchmark_n.errors import InputError
from benchmark_n.evidence import evidence_of, instances_of


def shapes(count: int) -> Any:
    """Masks (count, 30, 40) of any outline; the last is empty."""
    masks = np.random.default_rng(0).random((count, 30, 40)) > 0.9
    masks[-1] = False
    return masks


def test_masks_and_boxes_are_those_of_pycocotools() -> None:
    masks = shapes(4)
    encoded = [coco_mask.encode(np.asfortranarray(mask.astype(np.uint8))) for mask in masks]
    made = evidence_of([0, 1, 1, 0], ["a", "b"], masks=masks, image_ids=[3, 3, 5, 5])
    found = instances_of([0, 1, 1, 0], masks)
    for one in (made, found):
        assert [mask["counts"] for mask in one.masks] == [mask["counts"] for mask in encoded]
        np.testing.assert_array_equal(one.boxes, coco_mask.toBbox(encoded))
    assert made.image_sizes == {3: (30, 40), 5: (30, 40)}
    assert made.without_mask.size == 0
    assert found.image_ids.tolist() == [1, 2, 3, 4]


def test_without_masks_detectors_of_masks_refuse() -> None:
    made = evidence_of([0, 0], ["a"], predicted_dsc=np.full(2, 0.5))
    assert made.without_mask.tolist() == [0, 1]
    with pytest.raises(InputError, match="needs masks, and none of the 2 annotations"):
        run_detector(build_detector("quality_sentinel"), made)


@pytest.mark.parametrize("labels", [[0, 2], [-1, 0]])
def test_a_label_without_a_name_is_refused(labels: list[int]) -> None:
    with pytest.raises(InputError, match="expected places among 2 category names"):
        evidence_of(labels, ["a", "b"])


@pytest.mark.parametrize("field", ["masks", "image_ids"])
def test_arrays_of_other_lengths_are_refused(field: str) -> None:
    arrays: dict[str, Any] = {"masks": shapes(3), "image_ids": [1, 2, 3]}
    with pytest.raises(InputError, match=f"evidence: {field} is of 3, expected 2"):
        evidence_of([0, 0], ["a"], **{field: arrays[field]})


@pytest.mark.parametrize("field", ["scores", "image_ids", "annotators"])
def test_instances_of_other_lengths_are_refused(field: str) -> None:
    with pytest.raises(InputError, match=f"instances: {field} is of 3, expected 2"):
        instances_of([0, 0], shapes(2), **{field: np.zeros(3, np.int64)})
    with pytest.raises(InputError, match="instances: masks is of 3, expected 2"):
        instances_of([0, 0], shapes(3))


def test_no_annotations_are_no_error() -> None:
    assert len(evidence_of([], ["a"])) == 0
    assert len(instances_of([], np.zeros((0, 4, 4)))) == 0
