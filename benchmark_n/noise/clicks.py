"""Outlines redrawn as a person clicks: straight lines between few points on a level set."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from benchmark_n.masks.crop import Pixels
from benchmark_n.masks.rle import transposed

# Coordinates are whole multiples of 1 / SUBPIXEL px from the corner of the first pixel.
SUBPIXEL = 16
# How far a pixel's centre may be moved to reach the level set, px.
_FARTHEST_STEP = 1.5
_FLATTEST = np.float32(1e-6)  # squared slope
_FEWEST, _FEWEST_CORNERS = 3, 4
_ROUNDS = 5
# Vertices fall as tolerance to about this power; a count this near, as a logarithm, will do.
_POWER, _CLOSE = 0.8, 0.04
_FINEST, _COARSEST = 0.2, 10.0
Ring = NDArray[np.int32]


def level_set(values: NDArray[np.float32], least: float) -> list[tuple[Ring, bool]]:
    """Closed outlines of where `values` are positive, to a fraction of a pixel.

    Parameters
    ----------
    values
        float32 (h, w), px.
    least
        Outlines around less than this are left out, px².

    Returns
    -------
    list of (ring, is_hole)
        Rings are int32 (V, 2), (x, y) in 1 / SUBPIXEL px. Each point is the centre of a pixel on
        the rim after one step of Newton's method.
    """
    found = []
    for contour, is_hole in _rims((values > 0).view(np.uint8)):
        ring = _refined(values, contour)
        if cv2.contourArea(ring) >= least * SUBPIXEL**2:
            found.append((ring, is_hole))
    return found


def _rims(pixels: Pixels) -> list[tuple[Ring, bool]]:
    """Pixels along the rims of parts and of holes, (x, y), in order."""
    contours, links = cv2.findContours(pixels, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    return [
        (contour[:, 0, :].astype(np.int32, copy=False), bool(link[3] >= 0))
        for contour, link in zip(contours, links[0] if contours else (), strict=True)
        if len(contour) >= _FEWEST
    ]


def _refined(values: NDArray[np.float32], points: Ring) -> Ring:
    width = values.shape[1]
    place = points[:, 1] * np.intp(width) + points[:, 0]
    # Right, left, below, above; beside the array's border, which lies beyond the image's, any
    # value will do.
    beside = values.take(place + np.array([[1], [-1], [width], [-width]]), mode="wrap")
    slopes = beside[::2] - beside[1::2]
    steep = np.maximum(slopes[0] * slopes[0] + slopes[1] * slopes[1], _FLATTEST)
    slopes *= values.take(place) * np.float32(-2 * SUBPIXEL) / steep
    most = np.float32(_FARTHEST_STEP * SUBPIXEL)
    np.maximum(slopes, -most, out=slopes)
    np.minimum(slopes, most, out=slopes)
    refined: Ring = points * SUBPIXEL
    refined += SUBPIXEL // 2
    refined += np.rint(slopes.T).astype(np.int32)
    return refined


def rim_clicks(mask: Pixels, tolerance: float) -> int:
    """Vertices that describe the rims of a mask to within `tolerance` px."""
    rims = _rims(mask)
    return sum(len(cv2.approxPolyDP(rim[:, None, :], tolerance, True)) for rim, _ in rims)


def click(
    rings: list[tuple[Ring, bool]], wanted: float, evenness: float = 0.0
) -> list[tuple[Ring, bool]]:
    """The rings with about `wanted` vertices in all, `evenness` of them evenly between the others.

    The others are the corners: the points of which straight lines stay nearest to the ring.
    """
    corners = _corners(rings, max(wanted * (1 - evenness), _FEWEST_CORNERS))
    kept = [
        (ring, few, hole)
        for (ring, hole), few in zip(rings, corners, strict=True)
        if len(few) >= _FEWEST
    ]
    if evenness and kept:
        filled = _filled([ring for ring, _, _ in kept], [few for _, few, _ in kept], wanted)
        return [(ring, hole) for ring, (_, _, hole) in zip(filled, kept, strict=True)]
    return [(few, hole) for _, few, hole in kept]


def _corners(rings: list[tuple[Ring, bool]], wanted: float) -> list[Ring]:
    """About `wanted` vertices in all of the rings, by false position in logarithms."""
    low, high = _FINEST, _COARSEST
    tolerance, nearest = 1.0, math.inf
    best = [ring for ring, _ in rings]
    for _ in range(_ROUNDS):
        clicked = _simplified(rings, tolerance)
        excess = math.log(max(sum(map(len, clicked)), 1) / wanted)
        if abs(excess) < nearest:
            nearest, best = abs(excess), clicked
        if nearest < _CLOSE:
            break
        if excess > 0:
            low = tolerance
        else:
            high = tolerance
        tolerance *= math.exp(excess / _POWER)
        if not low < tolerance < high:
            tolerance = math.sqrt(low * high)
    return best


def _filled(rings: list[Ring], corners: list[Ring], wanted: float) -> list[Ring]:
    """Corners, and the rings' points at even steps in between, until there are `wanted`."""
    places = [_places(ring, few) for ring, few in zip(rings, corners, strict=True)]
    gaps = [
        [b - a for a, b in zip(at, [*at[1:], at[0] + len(ring)], strict=True)]
        for ring, at in zip(rings, places, strict=True)
    ]
    step = _step([gap for each in gaps for gap in each], wanted - sum(map(len, places)))
    filled = []
    for ring, at, each in zip(rings, places, gaps, strict=True):
        counts = [(gap - 1) // step + 1 for gap in each]
        points = [
            first + k * gap // count
            for first, gap, count in zip(at, each, counts, strict=True)
            for k in range(count)
        ]
        filled.append(ring.take(points, axis=0, mode="wrap"))
    return filled


def _places(ring: Ring, few: Ring) -> list[int]:
    """Where the ring's points are one of the few, ascending."""
    codes, known = (np.ascontiguousarray(each).view(np.int64)[:, 0] for each in (ring, few))
    known = np.sort(known)
    found: list[int] = np.flatnonzero(
        known.take(known.searchsorted(codes), mode="clip") == codes
    ).tolist()
    return found


def _step(gaps: list[int], count: float) -> int:
    """The least step of which no more than `count` end within the gaps."""
    inside = [gap - 1 for gap in gaps]
    total = sum(inside)
    if count < 1 or not total:
        return max(gaps)
    # Rounding down loses less than one step a gap.
    low, high = max(int(total / (count + len(gaps))), 1), math.ceil(total / count)
    while low < high:
        middle = (low + high) // 2
        if sum([length // middle for length in inside]) > count:
            low = middle + 1
        else:
            high = middle
    return low


def _simplified(rings: list[tuple[Ring, bool]], tolerance: float) -> list[Ring]:
    """The rings to within `tolerance` px, a multiple of 1/1024 of a 1 / SUBPIXEL px."""
    epsilon = round(tolerance * SUBPIXEL * 1024) / 1024
    return [
        cv2.approxPolyDP(ring[:, None, :], epsilon, True)[:, 0, :].astype(np.int32, copy=False)
        for ring, _ in rings
    ]


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
    return transposed(coco_mask.decode(rle).T)
