"""Outlines of masks along the edges of pixels, and masks of outlines.

Polygons made of an outline rasterise to exactly the mask they came from.

An outline runs along pixel edges, so its vertices are whole numbers and pycocotools fills it
without rounding. A hole hangs on its outer outline by a bridge walked there and back: COCO has no
holes, but its even-odd filling cancels an edge that is walked twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from benchmark_n.masks.contours import find_contours
from benchmark_n.masks.crop import CropMask
from benchmark_n.masks.simplification import simplify_ring
from benchmark_n.masks.unroll import rle_to_crop

# (V, 2), x and y in px; the first vertex is not repeated at the end.
Ring = NDArray[Any]

# With three pixels for one, the pixel a contour passes tells which side of the pixel it passes.
_ZOOM = 3
# Vertices farther away than this many image sides are moved to there.
_REACH = 8
_FEWEST_VERTICES = 3


def mask_to_polygons(mask: CropMask) -> list[list[int]]:
    """One polygon ``[x0, y0, x1, y1, …]`` (px) for each part of the mask, holes bridged in.

    ``pycocotools`` decodes the polygons to the same mask, bit for bit.
    """
    return [_bridge(part) for part in mask_to_rings(mask)]


def rings_to_polygon(part: Sequence[Ring], tolerance: float) -> list[Any]:
    """A polygon of a part's outline and holes with fewer vertices, `tolerance` px off at most.

    >>> square = np.array([[0, 0], [5, 1], [10, 0], [10, 10], [0, 10]])
    >>> rings_to_polygon([square], 2.0)
    [0, 0, 10, 0, 10, 10, 0, 10]
    """
    return _bridge([ring[simplify_ring(ring, tolerance)] for ring in part])


def mask_to_rings(mask: CropMask) -> list[list[Ring]]:
    """The parts of a mask, each its outline followed by those of its holes, int64 (V, 2), px."""
    if not mask.area:
        return []
    h, w = mask.pixels.shape
    zoomed = cv2.resize(
        mask.pixels, (w * _ZOOM, h * _ZOOM), interpolation=cv2.INTER_NEAREST
    ).astype(np.uint8, copy=False)
    parts = find_contours(CropMask(zoomed, 0, 0, h * _ZOOM, w * _ZOOM))
    offset = np.array([mask.x, mask.y])
    return [[_corners(contour) + offset for contour in part] for part in parts]


def rings_to_mask(parts: Sequence[Sequence[Ring]], height: int, width: int) -> CropMask:
    """The union of parts in an image of height x width px, as pycocotools rasterises polygons.

    Each part is an outline and its holes. A ring of fewer than three vertices covers nothing.
    """
    reach = _REACH * max(height, width)
    kept = [[ring for ring in part if len(ring) >= _FEWEST_VERTICES] for part in parts]
    polygons = [_bridge([np.clip(ring, -reach, reach) for ring in part]) for part in kept if part]
    if not polygons:
        return CropMask(np.zeros((0, 0), np.uint8), 0, 0, height, width)
    rles = coco_mask.frPyObjects(polygons, height, width)
    return rle_to_crop(rles[0] if len(rles) == 1 else coco_mask.merge(rles))


def _corners(contour: NDArray[np.int32]) -> NDArray[np.int64]:
    """Pixel-edge vertices (V, 2) of a contour of the zoomed mask, each corner once."""
    points = (contour[:, 0, :].astype(np.int64) + 1) // _ZOOM
    corners: NDArray[np.int64] = points[(points != np.roll(points, 1, axis=0)).any(axis=1)]
    return corners


def _bridge(rings: Sequence[Ring]) -> list[Any]:
    outer = rings[0]
    path = [outer, outer[:1]]
    for hole in rings[1:]:
        path += [hole, hole[:1], outer[:1]]
    joined = np.concatenate(path if len(rings) > 1 else path[:1])
    numbers: list[Any] = joined.ravel().tolist()
    return numbers
