"""Outlines redrawn as a person clicks: straight lines between few points on a level set."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from benchmark_n.masks.crop import Pixels

# Coordinates are whole multiples of 1 / SUBPIXEL px from the corner of the first pixel.
SUBPIXEL = 16
# How far a pixel's centre may be moved to reach the level set, px.
_FARTHEST_STEP = 1.5
_FEWEST = 3
_ROUNDS = 6
_FINEST, _COARSEST = 0.2, 10.0
Ring = NDArray[np.int32]


def level_set(values: NDArray[np.float64]) -> list[tuple[Ring, bool]]:
    """Closed outlines of where `values` are positive, to a fraction of a pixel.

    Parameters
    ----------
    values
        float64 (h, w) of whole numbers below 2^52.

    Returns
    -------
    list of (ring, is_hole)
        Rings are int32 (V, 2), (x, y) in 1 / SUBPIXEL px. Each point is the centre of a pixel on
        the rim after one step of Newton's method.
    """
    inside = (values > 0).view(np.uint8)
    contours, links = cv2.findContours(inside, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    found = []
    for place, contour in enumerate(contours):
        if len(contour) >= _FEWEST:
            is_hole = bool(links[0][place][3] >= 0)
            found.append((_refined(values, contour[:, 0, :].astype(np.int32)), is_hole))
    return found


def _refined(values: NDArray[np.float64], points: Ring) -> Ring:
    h, w = values.shape
    x, y = points[:, 0].astype(np.intp), points[:, 1].astype(np.intp)
    here = values[y, x]
    across = values[y, np.minimum(x + 1, w - 1)] - values[y, np.maximum(x - 1, 0)]
    down = values[np.minimum(y + 1, h - 1), x] - values[np.maximum(y - 1, 0), x]
    steep = np.maximum(across * across + down * down, 1.0)
    most = _FARTHEST_STEP * SUBPIXEL
    factor = -2 * SUBPIXEL * here / steep
    moved = np.stack([factor * across, factor * down], axis=1)
    centre = points * SUBPIXEL + SUBPIXEL // 2
    refined: Ring = centre + np.rint(np.clip(moved, -most, most)).astype(np.int32)
    return refined


def count_clicks(rings: list[tuple[Ring, bool]], tolerance: float) -> int:
    """Vertices that describe the rings to within `tolerance` px."""
    return sum(len(_simplified(ring, tolerance)) for ring, _ in rings)


def click(rings: list[tuple[Ring, bool]], wanted: float) -> list[tuple[Ring, bool]]:
    """The rings with about `wanted` vertices in all: those of the finest tolerance that does."""
    low, high = _FINEST, _COARSEST
    for _ in range(_ROUNDS):
        middle = (low * high) ** 0.5
        if count_clicks(rings, middle) > wanted:
            low = middle
        else:
            high = middle
    clicked = [(_simplified(ring, high), hole) for ring, hole in rings]
    return [(ring, hole) for ring, hole in clicked if len(ring) >= _FEWEST]


def _simplified(ring: Ring, tolerance: float) -> Ring:
    vertices = cv2.approxPolyDP(ring[:, None, :], tolerance * SUBPIXEL, True)
    return vertices[:, 0, :].astype(np.int32, copy=False)


def fill_rings(rings: list[tuple[Ring, bool]], height: int, width: int) -> Pixels:
    """The mask of outlines as pycocotools draws polygons, holes cut out; uint8 (height, width)."""
    outer = [ring for ring, is_hole in rings if not is_hole]
    mask = _drawn(outer, height, width)
    holes = [ring for ring, is_hole in rings if is_hole]
    return mask & (1 - _drawn(holes, height, width)) if holes else mask


def _drawn(rings: list[Ring], height: int, width: int) -> Pixels:
    if not rings:
        return np.zeros((height, width), np.uint8)
    polygons = [(ring.ravel() / SUBPIXEL).tolist() for ring in rings]
    rles = coco_mask.frPyObjects(polygons, height, width)
    rle = rles[0] if len(rles) == 1 else coco_mask.merge(rles)
    pixels: Pixels = np.ascontiguousarray(coco_mask.decode(rle))
    return pixels
