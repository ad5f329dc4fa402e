"""Instances of two sets in the same image, brought together by the IoU of their masks."""

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
