"""How an object detector's boxes and masks fit a mask, whatever their categories."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from benchmark_n.detectors.quality_sentinel.self_fit.outlines import MISSING
from benchmark_n.evidence import DetectionEvidence
from benchmark_n.masks import CropMask, Rle, crop_to_rle

# A box that overlaps less says nothing of where the object ends.
LEAST_IOU = 0.3
NAMES = ("box_iou", "box_score", "box_left", "box_top", "box_right", "box_bottom", "mask_iou")


@dataclass(frozen=True)
class Found:
    """What one detector found in an image: boxes (D, 4), x, y, width, height in px, scores (D,)."""

    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    masks: tuple[Rle, ...] | None


def found_in(detections: Sequence[DetectionEvidence], image_id: int) -> tuple[Found, ...]:
    """What each detector found in an image."""
    made = []
    for one in detections:
        places = np.flatnonzero(one.found.image_ids == image_id)
        masks = one.found.masks
        chosen = None if masks is None else tuple(masks[i] for i in places.tolist())
        boxes = one.found.boxes[places].astype(np.float64)
        made.append(Found(boxes, one.found.scores[places].astype(np.float64), chosen))
    return tuple(made)


def detected_features(mask: CropMask, found: Sequence[Found]) -> list[float]:
    """The numbers called `NAMES` for each detector; `MISSING` where nothing is near."""
    return [value for one in found for value in _one(mask, one)]


def _one(mask: CropMask, found: Found) -> list[float]:
    if not len(found.boxes):
        return [MISSING] * len(NAMES)
    x, y, w, h = mask.bbox
    own = np.array([x, y, x + w, y + h], np.float64)
    corners = np.column_stack([found.boxes[:, :2], found.boxes[:, :2] + found.boxes[:, 2:]])
    low, high = np.maximum(corners[:, :2], own[:2]), np.minimum(corners[:, 2:], own[2:])
    shared = np.clip(high - low, 0, None).prod(1)
    ious = shared / np.maximum(found.boxes[:, 2:].prod(1) + w * h - shared, 1e-6)
    best = int((ious * np.sqrt(np.clip(found.scores, 0, 1))).argmax())
    if ious[best] < LEAST_IOU:
        return [float(ious[best]), float(found.scores[best]), *[MISSING] * 5]
    away = (corners[best] - own) / math.sqrt(w * h)
    overlap = MISSING
    if found.masks is not None:
        overlap = float(
            coco_mask.iou([crop_to_rle(mask)], list(found.masks), [0] * len(ious)).max()
        )
    return [float(ious[best]), float(found.scores[best]), *map(float, away), overlap]
