"""Polygons that rasterise to exactly the mask they came from.

An outline runs along pixel edges, so its vertices are whole numbers and pycocotools fills it
without rounding. A hole hangs on its outer outline by a bridge walked there and back: COCO has no
holes, but its even-odd filling cancels an edge that is walked twice.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.masks.contours import find_contours
from benchmark_n.masks.crop import CropMask

# With three pixels for one, the pixel a contour passes tells which side of the pixel it passes.
_ZOOM = 3


def mask_to_polygons(mask: CropMask) -> list[list[int]]:
    """One polygon ``[x0, y0, x1, y1, …]`` (px) for each part of the mask, holes bridged in.

    ``pycocotools`` decodes the polygons to the same mask, bit for bit.
    """
    if not mask.area:
        return []
    h, w = mask.pixels.shape
    zoomed = cv2.resize(
        mask.pixels, (w * _ZOOM, h * _ZOOM), interpolation=cv2.INTER_NEAREST
    ).astype(np.uint8, copy=False)
    parts = find_contours(CropMask(zoomed, 0, 0, h * _ZOOM, w * _ZOOM))
    offset = np.array([mask.x, mask.y])
    return [_bridge([_corners(contour) + offset for contour in part]) for part in parts]


def _corners(contour: NDArray[np.int32]) -> NDArray[np.int64]:
    """Pixel-edge vertices (V, 2) of a contour of the zoomed mask, each corner once."""
    points = (contour[:, 0, :].astype(np.int64) + 1) // _ZOOM
    corners: NDArray[np.int64] = points[(points != np.roll(points, 1, axis=0)).any(axis=1)]
    return corners


def _bridge(rings: list[NDArray[np.int64]]) -> list[int]:
    outer = rings[0]
    path = [outer, outer[:1]]
    for hole in rings[1:]:
        path += [hole, hole[:1], outer[:1]]
    joined = np.concatenate(path if len(rings) > 1 else path[:1])
    return [int(value) for value in joined.ravel()]
