"""Points on a mask's outline with their normals, and what maps hold along these."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.masks import CropMask

# A number that a mask is too small to have.
MISSING = -1.0
POINTS = 96
REACH = 10  # px to each side of the outline
OFFSETS = np.arange(-REACH, REACH + 1)
_SMOOTHING = 5  # points of the outline over which a tangent is taken

Values = NDArray[np.float32]


def outline_points(mask: CropMask) -> tuple[Values, Values]:
    """Points of the outline and outward normals of unit length, float32 (P, 2) each, x and y in px.

    At most `POINTS`, evenly spread over all outlines, holes among them.
    """
    padded = np.pad(mask.pixels, 1)
    contours, _ = cv2.findContours(padded, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    points, normals = [], []
    for contour in contours:
        ring = contour[:, 0, :].astype(np.float32)
        if len(ring) < _SMOOTHING:
            continue
        step = min(_SMOOTHING, (len(ring) - 1) // 2)
        tangent = np.roll(ring, -step, axis=0) - np.roll(ring, step, axis=0)
        length = np.hypot(*tangent.T)
        kept = length > 0
        points.append(ring[kept])
        # OpenCV walks outer outlines and holes so that the mask lies on the same side.
        normals.append(np.stack([-tangent[:, 1], tangent[:, 0]], 1)[kept] / length[kept, None])
    if not points:
        return np.zeros((0, 2), np.float32), np.zeros((0, 2), np.float32)
    every, out = np.concatenate(points), np.concatenate(normals)
    chosen = np.linspace(0, len(every), min(len(every), POINTS), endpoint=False).astype(np.intp)
    offset = np.array([mask.x - 1, mask.y - 1], np.float32)
    return every[chosen] + offset, out[chosen].astype(np.float32)


def along_normals(image: NDArray[Any], points: Values, normals: Values) -> NDArray[Any]:
    """An image's values at `OFFSETS` px along the normals, (P, len(OFFSETS), …); edges repeat."""
    x, y = (points[:, None, :] + OFFSETS[:, None] * normals[:, None, :]).transpose(2, 0, 1)
    columns = np.clip(np.rint(x).astype(np.intp), 0, image.shape[1] - 1)
    rows = np.clip(np.rint(y).astype(np.intp), 0, image.shape[0] - 1)
    return np.asarray(image[rows, columns])
