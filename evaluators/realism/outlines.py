"""What an outline alone shows: its compactness, how densely it is clicked, how it turns."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.masks.crop import CropMask, Pixels

MASK_FEATURES = (
    *("area", "compactness", "solidity", "parts", "holes"),
    *("vertices_0.5", "vertices_1", "vertices_2", "vertices_4"),
    *("turn_2", "turn_4", "turn_8", "turn_sd_2", "turn_sd_4", "turn_sd_8"),
)
_FEWEST_POINTS = 8
Points = NDArray[np.float64]


def longest_contour(pixels: Pixels) -> NDArray[np.int32]:
    """The longest outer contour, int32 (V, 1, 2), (x, y), every pixel of it; V may be 0.

    Examples
    --------
    >>> pixels = np.zeros((6, 6), np.uint8)
    >>> pixels[1:5, 1:5] = 1
    >>> longest_contour(pixels).shape  # the twelve pixels of its rim
    (12, 1, 2)
    """
    contours, _ = cv2.findContours(pixels, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return np.zeros((0, 1, 2), np.int32)
    return max(contours, key=len).astype(np.int32, copy=False)


def even_points(contour: NDArray[np.int32]) -> Points | None:
    """Points one pixel apart along a closed contour, (n, 2); None for fewer than eight vertices.

    Examples
    --------
    >>> square = np.int32([[[0, 0]], [[4, 0]], [[4, 4]], [[0, 4]]]).repeat(2, axis=0)
    >>> len(even_points(square)), even_points(square)[1].tolist()
    (16, [1.0, 0.0])
    """
    if len(contour) < _FEWEST_POINTS:
        return None
    points = contour[:, 0, :].astype(float)
    closed = np.concatenate([points, points[:1]])
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(closed, axis=0).T))])
    count = max(_FEWEST_POINTS, round(along[-1]))
    places = np.arange(count) * along[-1] / count
    columns = [np.interp(places, along, closed[:, axis]) for axis in (0, 1)]
    return np.stack(columns, axis=1)


def vertices_per_100px(contour: NDArray[np.int32], tolerance: float) -> float:
    """Vertices that describe the contour to within `tolerance` px, per 100 px of its length.

    Examples
    --------
    >>> square = np.int32([[[0, 0]], [[25, 0]], [[25, 25]], [[0, 25]]])
    >>> vertices_per_100px(square, 1.0)
    4.0
    """
    length = max(cv2.arcLength(contour, True), 1.0)
    return 100 * len(cv2.approxPolyDP(contour, tolerance, True)) / length


def mask_features(mask: CropMask) -> list[float]:
    """Values of MASK_FEATURES; NaN for what so small a mask does not show.

    Parameters
    ----------
    mask
        Not empty.
    """
    pixels, area = mask.pixels, mask.area
    parts, links = cv2.findContours(pixels, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    holes = int((links[0][:, 3] >= 0).sum())
    hull = cv2.contourArea(cv2.convexHull(np.concatenate(parts)))
    contour = longest_contour(pixels)
    points = even_points(contour)
    turns = [math.nan] * 6 if points is None else _turns(points)
    length = max(cv2.arcLength(contour, True), 1.0)
    return [
        *(float(area), 4 * math.pi * area / length**2, area / max(hull, 1.0)),
        *(float(len(parts) - holes), float(holes)),
        *(vertices_per_100px(contour, tolerance) for tolerance in (0.5, 1.0, 2.0, 4.0)),
        *turns,
    ]


def _turns(points: Points) -> list[float]:
    """Mean and standard deviation of the angle between steps of 2, 4 and 8 px, radians."""
    means, spreads = [], []
    for step in (2, 4, 8):
        ahead = np.roll(points, -step, axis=0) - points
        behind = points - np.roll(points, step, axis=0)
        cross = ahead[:, 0] * behind[:, 1] - ahead[:, 1] * behind[:, 0]
        angles = np.abs(np.arctan2(cross, (ahead * behind).sum(axis=1)))
        means.append(float(angles.mean()))
        spreads.append(float(angles.std()))
    return means + spreads
