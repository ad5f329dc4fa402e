"""What a mask's shape and place say, without the picture."""

from __future__ import annotations

import math

import cv2
import numpy as np

from benchmark_n.masks import CropMask

NAMES = (
    *("log_area", "area_share", "aspect", "fill", "solidity", "roundness", "parts"),
    *("vertices_1", "vertices_2", "vertices_4", "length_2", "length_4", "straight"),
    *("opened", "closed", "left", "top", "right", "bottom", "at_border"),
)


def shape_features(mask: CropMask) -> list[float]:
    """The numbers called `NAMES` of a mask that has pixels."""
    h, w = mask.pixels.shape
    area = mask.area
    contours, _ = cv2.findContours(np.pad(mask.pixels, 1), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    length = sum(cv2.arcLength(c, True) for c in contours) + 1
    hull = max(cv2.contourArea(cv2.convexHull(np.concatenate(contours))), 1.0)
    simple = {e: [cv2.approxPolyDP(c, e, True) for c in contours] for e in (1, 2, 4)}
    counts = [sum(map(len, simple[e])) / math.sqrt(length) for e in simple]
    lengths = [sum(cv2.arcLength(c, True) for c in simple[e]) / length for e in (2, 4)]
    sides = (mask.x, mask.y, mask.width - mask.x - w, mask.height - mask.y - h)
    sizes = (mask.width, mask.height, mask.width, mask.height)
    shares = [side / size for side, size in zip(sides, sizes, strict=True)]
    return [
        *(math.log(area), area / (mask.width * mask.height), math.log(w / h), area / (w * h)),
        *(area / hull, math.log(length**2 / area), len(contours)),
        *(*counts, *lengths, _straight(max(contours, key=len))),
        *(_kept(mask, cv2.MORPH_OPEN), _kept(mask, cv2.MORPH_CLOSE)),
        *(*shares, sum(side <= 1 for side in sides)),
    ]


def _straight(contour: cv2.typing.MatLike) -> float:
    """Share of an outline's steps that go on in the direction of the last."""
    steps = np.diff(contour[:, 0], axis=0)
    if len(steps) < 2:
        return 1.0
    return float((np.diff(steps, axis=0) == 0).all(1).mean())


def _kept(mask: CropMask, operation: int) -> float:
    """IoU of the mask with itself opened or closed by 5 x 5 px."""
    padded = np.pad(mask.pixels, 4)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    changed = cv2.countNonZero(cv2.morphologyEx(padded, operation, kernel))
    return min(changed, mask.area) / max(changed, mask.area)
