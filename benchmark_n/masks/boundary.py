"""Boundary IoU of two masks.

References
----------
.. [1] Cheng, Girshick, Dollár, Berg, Kirillov: Boundary IoU: Improving Object-Centric Image
       Segmentation Evaluation, CVPR 2021 (Section 4; the ratios are those of its reference code).
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.masks.crop import CropMask, intersection_area

DEFAULT_DILATION_RATIO = 0.02
# Up to this many pixels, counting a square's pixels by a table of sums beats eroding.
_SMALL_CROP = 30_000


def boundary_distance(height: int, width: int, ratio: float = DEFAULT_DILATION_RATIO) -> int:
    """Width d of the boundary band, px: `ratio` times the image diagonal, rounded, at least 1.

    >>> boundary_distance(480, 640)
    16
    """
    return max(1, round(ratio * float(np.hypot(height, width))))


def interior(mask: CropMask, distance: int) -> CropMask:
    """The pixels farther than `distance` px (chessboard) from the outside; the border is outside.

    This is the mask after `distance` erosions by a 3x3 kernel, which equal one by a square of
    side ``2 * distance + 1``.
    """
    h, w = mask.pixels.shape
    if min(h, w) <= 2 * distance:
        return CropMask(np.zeros((0, 0), np.uint8), mask.x, mask.y, mask.height, mask.width)
    side = 2 * distance + 1
    if h * w <= _SMALL_CROP:
        sums = cv2.integral(mask.pixels)
        bands = cv2.subtract(sums[side:], sums[:-side])
        kept = (cv2.subtract(bands[:, side:], bands[:, :-side]) == side * side).view(np.uint8)
    else:
        eroded = cv2.erode(mask.pixels, _square(side)).astype(np.uint8, copy=False)
        kept = eroded[distance : h - distance, distance : w - distance]
    return CropMask(kept, mask.x + distance, mask.y + distance, mask.height, mask.width)


@lru_cache(maxsize=64)
def _square(side: int) -> NDArray[np.uint8]:
    return np.ones((side, side), np.uint8)


def boundary(mask: CropMask, distance: int) -> CropMask:
    """The mask without its interior: all pixels within `distance` px of the outside."""
    inside = interior(mask, distance)
    pixels = mask.pixels.copy()
    h, w = inside.pixels.shape
    if h and w:
        row, column = inside.y - mask.y, inside.x - mask.x
        pixels[row : row + h, column : column + w] &= 1 - inside.pixels
    return CropMask(pixels, mask.x, mask.y, mask.height, mask.width)


def boundary_iou(a: CropMask, b: CropMask, distance: int) -> float:
    """IoU of the two boundaries; 1 when both masks are empty."""
    return mask_and_boundary_iou(a, b, distance)[1]


def mask_and_boundary_iou(a: CropMask, b: CropMask, distance: int) -> tuple[float, float]:
    """IoU of two masks and IoU of their boundaries, counted without forming the boundaries."""
    shared = intersection_area(a, b)
    area_a, area_b = a.area, b.area
    union = area_a + area_b - shared
    iou = shared / union if union else 1.0
    inside_a, inside_b = interior(a, distance), interior(b, distance)
    if not (inside_a.pixels.size or inside_b.pixels.size):  # too thin: all of it is boundary
        return iou, iou
    both_inside = intersection_area(inside_a, inside_b)
    shared += both_inside - intersection_area(inside_a, b) - intersection_area(a, inside_b)
    union = area_a - inside_a.area + area_b - inside_b.area - shared
    return iou, shared / union if union else 1.0
