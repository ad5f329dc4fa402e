"""Boundary IoU of two masks.

References
----------
.. [1] Cheng, Girshick, Dollár, Berg, Kirillov: Boundary IoU: Improving Object-Centric Image
       Segmentation Evaluation, CVPR 2021 (Section 4; the ratios are those of its reference code).
"""

from __future__ import annotations

import cv2
import numpy as np

from benchmark_n.masks.crop import CropMask, intersection_area

DEFAULT_DILATION_RATIO = 0.02


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
    kernel = np.ones((2 * distance + 1, 2 * distance + 1), np.uint8)
    eroded = cv2.erode(mask.pixels, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    kept = np.ascontiguousarray(eroded[distance : h - distance, distance : w - distance])
    return CropMask(
        kept.astype(np.uint8, copy=False),
        mask.x + distance,
        mask.y + distance,
        mask.height,
        mask.width,
    )


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
    """IoU of the two boundaries; 1 when both masks are empty.

    Counted from areas of masks and interiors, without forming the boundaries.
    """
    inside_a, inside_b = interior(a, distance), interior(b, distance)
    shared = (
        intersection_area(a, b)
        - intersection_area(inside_a, b)
        - intersection_area(a, inside_b)
        + intersection_area(inside_a, inside_b)
    )
    union = a.area - inside_a.area + b.area - inside_b.area - shared
    return shared / union if union else 1.0
