"""Instances of two sets in the same image, brought together by their IoU."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from benchmark_n.coco.instances import by_image
from benchmark_n.evidence.evidence import Evidence
from benchmark_n.evidence.instance_set import InstanceSet
from benchmark_n.masks import Rle


def mask_ious(given: list[Rle], predicted: list[Rle]) -> NDArray[np.float64]:
    """IoU of each of our masks with each of theirs, float64 (n, m)."""
    if not (given and predicted):
        return np.zeros((len(given), len(predicted)))
    return np.asarray(coco_mask.iou(given, predicted, [0] * len(predicted)), np.float64)


def box_overlaps(
    first: NDArray[np.float64], second: NDArray[np.float64], *, inside: bool = False
) -> NDArray[np.float64]:
    """IoU of boxes (n, 4) with others (m, 4), x, y, width, height: float64 (n, m).

    With `inside` the share of each of the first that lies in each of the second.
    """
    if not (len(first) and len(second)):
        return np.zeros((len(first), len(second)))
    crowd = [int(inside)] * len(second)
    pair = (np.ascontiguousarray(first, np.float64), np.ascontiguousarray(second, np.float64))
    return np.asarray(coco_mask.iou(*pair, crowd), np.float64).reshape(len(first), len(second))


def iou_blocks(
    evidence: Evidence, others: InstanceSet
) -> Iterator[tuple[int, NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]]:
    """For each image that has instances of either: its id, both sides' indices, and their IoUs."""
    given_places, predicted = by_image(evidence.image_ids), by_image(others.image_ids)
    none = np.zeros(0, np.intp)
    for image_id in sorted(given_places.keys() | predicted.keys()):
        left, right = given_places.get(image_id, none), predicted.get(image_id, none)
        yield (
            image_id,
            left,
            right,
            mask_ious([evidence.masks[i] for i in left], [others.masks[j] for j in right]),
        )
