"""How an object detector's boxes and masks fit a mask, whatever their categories."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark_n.detectors.common.matching import box_overlaps, mask_ious
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


def found_in(
    detections: Sequence[DetectionEvidence], near: Sequence[NDArray[np.intp]]
) -> tuple[Found, ...]:
    """What each detector found in an image, at the places `near` among its detections."""
    made = []
    for one, places in zip(detections, near, strict=True):
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
    ious = box_overlaps(found.boxes, np.array([[x, y, w, h]], np.float64))[:, 0]
    best = int((ious * np.sqrt(np.clip(found.scores, 0, 1))).argmax())
    if ious[best] < LEAST_IOU:
        return [float(ious[best]), float(found.scores[best]), *[MISSING] * 5]
    left, top, wide, high = found.boxes[best]
    away = np.array([left - x, top - y, left + wide - x - w, top + high - y - h]) / math.sqrt(w * h)
    overlap = MISSING
    if found.masks is not None:
        overlap = float(mask_ious([crop_to_rle(mask)], list(found.masks)).max())
    return [float(ious[best]), float(found.scores[best]), *map(float, away), overlap]
