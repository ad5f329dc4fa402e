"""Boundary IoU of two masks.

References
----------
.. [1] Cheng, Girshick, Dollár, Berg, Kirillov: Boundary IoU: Improving Object-Centric Image
       Segmentation Evaluation, CVPR 2021 (Section 4; the ratios are those of its reference code).
"""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.masks.crop import CropMask

DEFAULT_DILATION_RATIO = 0.02
# Up to this many pixels, counting a square's pixels by a table of sums beats eroding; the table is
# then below the 128 KB from which the C library fetches fresh pages for every allocation.
_SMALL_CROP = 30_000


@lru_cache(maxsize=1024)
def boundary_distance(height: int, width: int, ratio: float = DEFAULT_DILATION_RATIO) -> int:
    """Width d of the boundary band, px: `ratio` times the image diagonal, rounded, at least 1.

    >>> boundary_distance(480, 640)
    16
    """
    return max(1, round(ratio * math.hypot(height, width)))


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
        rows = _all_of(mask.pixels, side, axis=0)
        kept = _all_of(rows, side, axis=1)
    return CropMask(kept, mask.x + distance, mask.y + distance, mask.height, mask.width)


def _all_of(pixels: NDArray[np.uint8], side: int, axis: int) -> NDArray[np.uint8]:
    """Whether `side` neighbours along an axis are all 1, shorter by ``side - 1`` along it.

    Runs of twice the length are two runs: the cost grows with the logarithm of `side`, while an
    erosion's grows with `side`, which in images of 10^8 px makes minutes of seconds.
    """
    length = 1
    while length < side:
        step = min(length, side - length)
        first, second = (
            (pixels[:-step], pixels[step:]) if axis == 0 else (pixels[:, :-step], pixels[:, step:])
        )
        pixels = cv2.bitwise_and(first, second).astype(np.uint8, copy=False)
        length += step
    return pixels


def boundary(mask: CropMask, distance: int) -> CropMask:
    """The mask without its interior: all pixels within `distance` px of the outside."""
    inside = interior(mask, distance)
    pixels = mask.pixels.copy()
    h, w = inside.pixels.shape
    pixels[distance : distance + h, distance : distance + w] -= inside.pixels
    return CropMask(pixels, mask.x, mask.y, mask.height, mask.width)


def boundary_iou(a: CropMask, b: CropMask, distance: int) -> float:
    """IoU of the two boundaries; 1 when both masks are empty."""
    return mask_and_boundary_iou(a, b, distance)[1]


def mask_and_boundary_iou(a: CropMask, b: CropMask, distance: int) -> tuple[float, float]:
    """IoU of two masks and IoU of their boundaries; 1 when both masks are empty."""
    left, top = min(a.x, b.x), min(a.y, b.y)
    right = max(a.x + a.pixels.shape[1], b.x + b.pixels.shape[1])
    bottom = max(a.y + a.pixels.shape[0], b.y + b.pixels.shape[0])
    window = (left, top, right, bottom)
    if left >= right or top >= bottom:
        return 1.0, 1.0
    first, second = a.window(*window), b.window(*window)
    iou = _iou(first.pixels, second.pixels)
    if min(right - left, bottom - top) <= 2 * distance:  # too thin: all of it is boundary
        return iou, iou
    return iou, _iou(boundary(first, distance).pixels, boundary(second, distance).pixels)


def _iou(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    shared = cv2.countNonZero(cv2.bitwise_and(a, b))
    union = cv2.countNonZero(a) + cv2.countNonZero(b) - shared
    return shared / union if union else 1.0
