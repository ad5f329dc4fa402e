"""Overlaps, support and suppression against other libraries and plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from benchmark_n.evidence.detections.base import Locations
from benchmark_n.evidence.detections.boxes import (
    LEAST_OVERLAP,
    LEAST_SCORE,
    MOST,
    MOST_OVERLAP,
    detections,
    overlaps,
    support,
)


def drawn(count: int, seed: int, categories: int = 5) -> Locations:
    """Boxes that crowd in a 100 px square, some of them inside out."""
    rng = np.random.default_rng(seed)
    start = rng.uniform(0, 80, (count, 2))
    boxes = np.concatenate([start, start + rng.uniform(-2, 30, (count, 2))], axis=1)
    probs = rng.uniform(0, 1, (count, categories)) ** 4
    return Locations(boxes.astype(np.float32), probs.astype(np.float32))


def corners(boxes: np.ndarray) -> np.ndarray:
    """x, y, width, height of boxes that are not inside out."""
    return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1).astype(np.float64)


def test_overlaps_are_those_of_pycocotools() -> None:
    boxes = drawn(200, 0).boxes
    boxes = boxes[(boxes[:, 2:] > boxes[:, :2]).all(axis=1)]
    expected = coco_mask.iou(corners(boxes), corners(boxes[:20]), [0] * 20)
    found = np.stack([overlaps(boxes, one) for one in boxes[:20]], axis=1)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_boxes_without_area_overlap_nothing() -> None:
    point, inside_out = [5.0, 5, 5, 5], [9.0, 9, 1, 1]
    boxes = np.array([point, inside_out, [0, 0, 10, 10]], np.float32)
    assert overlaps(boxes, np.array(point)).tolist() == [0, 0, 0]
    assert overlaps(boxes, np.array([0, 0, 10, 10])).tolist() == [0, 0, 1]


def test_support_is_the_largest_product() -> None:
    said = drawn(120, 1)
    annotated = np.array([[10, 10, 40, 30], [60, 50, 90, 95], [500, 500, 510, 510]], float)
    expected = np.zeros((3, 5))
    for row, box in enumerate(annotated):
        for place, probs in zip(said.boxes, said.probs, strict=True):
            width = min(place[2], box[2]) - max(place[0], box[0])
            height = min(place[3], box[3]) - max(place[1], box[1])
            if width <= 0 or height <= 0:
                continue
            sizes = [float((b[2] - b[0]) * (b[3] - b[1])) for b in (place, box)]
            overlap = width * height / (sum(sizes) - width * height)
            if overlap > LEAST_OVERLAP:
                expected[row] = np.maximum(expected[row], probs * overlap)
    found = support(said, annotated)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert found[:2].min() > 0
    assert not found[2].any()


@pytest.mark.parametrize("seed", range(4))
def test_suppression_is_that_of_torchvision(seed: int) -> None:
    torch = pytest.importorskip("torch")
    ops = pytest.importorskip("torchvision.ops")
    said = drawn(150, seed)
    places, kinds = np.nonzero(said.probs > LEAST_SCORE)
    scores = torch.tensor(said.probs[places, kinds])
    boxes = torch.tensor(said.boxes[places])
    kept = ops.batched_nms(boxes, scores, torch.tensor(kinds), MOST_OVERLAP).numpy()[:MOST]
    expected = [(places[i], kinds[i]) for i in kept]
    found = list(zip(*detections(said), strict=True))
    assert found == expected
    assert 20 < len(found) < len(places)


def test_no_detection_is_no_fault() -> None:
    said = Locations(np.zeros((4, 4), np.float32), np.zeros((4, 2), np.float32))
    places, kinds = detections(said)
    assert places.size == kinds.size == 0
