"""Signed distance to a mask's outline, to the same bits in every environment."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.masks.crop import Pixels

# Distances are cut off here, px.
FARTHEST = 127
# OpenCV's exact transform computes in single precision. In tiles this small its squares round to
# the true whole numbers: parabolas that meet differ by more than its error.
_TILE = 512
_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
# Distances up to here, px, are cheap where those beyond do not count: the square, a larger number
# and a step more fit in eight bits.
NEAREST = 15
Floats = NDArray[np.float32]


def squared_distances(zeros: Pixels, within: int = FARTHEST) -> Floats:
    """Squared distance of each pixel to the nearest pixel of value 0, px², float32 (h, w), whole.

    Exact up to FARTHEST squared, which stands for all that is farther. With a smaller `within`
    (px) exact up to its square; all that is farther gets some larger number, which is cheaper.
    """
    h, w = zeros.shape
    if within <= NEAREST:
        return _near_squares(zeros, within).astype(np.float32)
    if max(h, w) <= _TILE + 2 * FARTHEST:
        return _squares(zeros)
    out = np.empty((h, w), np.float32)
    for top in range(0, h, _TILE):
        for left in range(0, w, _TILE):
            y, x = max(top - FARTHEST, 0), max(left - FARTHEST, 0)
            part = zeros[y : top + _TILE + FARTHEST, x : left + _TILE + FARTHEST]
            found = _squares(np.ascontiguousarray(part))[top - y :, left - x :]
            out[top : top + _TILE, left : left + _TILE] = found[:_TILE, :_TILE]
    return out


def _squares(zeros: Pixels) -> Floats:
    distances = cv2.distanceTransform(zeros, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    squares = distances.astype(np.float32, copy=False)
    np.minimum(squares, FARTHEST, out=squares)
    np.multiply(squares, squares, out=squares)
    return np.rint(squares, out=squares)


def _near_squares(zeros: Pixels, within: int) -> Pixels:
    """Squares up to that of `within`, and `within`² + 1 at most, uint8 (h, w).

    One axis after the other, and in steps of a pixel: steps that cost 1, 3, 5, … px² add up to
    squares, whichever of them a way takes first.
    """
    far = within * within + 1
    h, w = zeros.shape
    wide = w + within  # so that no way leads around from one row to the next
    squares = np.full((h + 2, wide), far, np.uint8)
    np.multiply(zeros, far, out=squares[1:-1, :w])
    flat = squares.ravel()
    for step in (wide, 1):
        before, here, after = flat[: -2 * step], flat[step:-step], flat[2 * step :]
        nearer = np.empty_like(here)
        for cost in range(1, 2 * within, 2):
            np.minimum(before, after, out=nearer)
            np.add(nearer, cost, out=nearer)
            np.minimum(here, nearer, out=here)
    return squares[1:-1, :w]


def signed_distances(mask: Pixels, within: int = FARTHEST) -> Floats:
    """Signed distance to the mask's outline, px, float32 (h, w), positive inside.

    Measured from the pixels of the mask that have one of their four neighbours outside it, whose
    centres lie half a pixel inside: they are at +1/2 px, pixels beside them at -1/2 px. What is
    outside the array counts as more of the same. Square roots of whole numbers are rounded alike
    everywhere. What is farther than `within` px may get any larger distance of its sign.

    >>> signed_distances(np.array([[0, 0, 1, 1, 1]], np.uint8))
    array([[-1.5, -0.5,  0.5,  1.5,  2.5]], dtype=float32)
    """
    core = cv2.erode(mask, _CROSS)
    distances = squared_distances(np.bitwise_xor(np.bitwise_xor(mask, core), 1), within)
    np.sqrt(distances, out=distances)
    signs = mask.astype(np.float32)
    signs *= 2
    signs -= 1
    distances *= signs
    distances += 0.5
    return distances
