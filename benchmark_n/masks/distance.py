"""Signed distance to a mask's outline, in integers: the same in every environment."""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.masks.crop import Pixels

# Distances are whole multiples of 1 / FIXED px, cut off at FARTHEST px.
FIXED = 256
FARTHEST = 127
# OpenCV's exact transform computes in single precision. In tiles this small its squares round to
# the true whole numbers: parabolas that meet differ by more than its error.
_TILE = 512


@lru_cache(maxsize=1)
def _roots() -> NDArray[np.int32]:
    """floor(FIXED sqrt(n)) for n up to FARTHEST squared, int32."""
    squares = range(FARTHEST**2 + 1)
    return np.array([math.isqrt(n * FIXED * FIXED) for n in squares], np.int32)


def squared_distances(zeros: Pixels) -> NDArray[np.int32]:
    """Squared distance of each pixel to the nearest pixel of value 0, px², int32 (h, w).

    Exact up to FARTHEST squared, which stands for all that is farther.
    """
    h, w = zeros.shape
    if max(h, w) <= _TILE + 2 * FARTHEST:
        return _squares(zeros)
    out = np.empty((h, w), np.int32)
    for top in range(0, h, _TILE):
        for left in range(0, w, _TILE):
            y, x = max(top - FARTHEST, 0), max(left - FARTHEST, 0)
            part = zeros[y : top + _TILE + FARTHEST, x : left + _TILE + FARTHEST]
            found = _squares(np.ascontiguousarray(part))[top - y :, left - x :]
            out[top : top + _TILE, left : left + _TILE] = found[:_TILE, :_TILE]
    return out


def _squares(zeros: Pixels) -> NDArray[np.int32]:
    distances = cv2.distanceTransform(zeros, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    np.minimum(distances, FARTHEST, out=distances)
    np.multiply(distances, distances, out=distances)
    return np.rint(distances, out=distances).astype(np.int32)


def signed_distances(mask: Pixels) -> NDArray[np.int32]:
    """Signed distance to the mask's outline in 1 / FIXED px, int32 (h, w), positive inside.

    Measured from the pixels of the mask that have one of their four neighbours outside it, whose
    centres lie half a pixel inside: they are at +1/2 px, pixels beside them at -1/2 px. What is
    outside the array counts as more of the same.

    >>> signed_distances(np.array([[0, 0, 1, 1, 1]], np.uint8)) / FIXED
    array([[-1.5, -0.5,  0.5,  1.5,  2.5]])
    """
    core = cv2.erode(mask, cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)))
    rim = cv2.bitwise_xor(mask, core)
    distances = _roots()[squared_distances(np.where(rim != 0, 0, 1).astype(np.uint8))]
    half = FIXED // 2
    return np.where(mask != 0, distances + half, half - distances).astype(np.int32, copy=False)
