"""Prompts made from clean masks: middle points, random pixels, boxes, sketches.

References
----------
.. [1] Kimhi et al.: Noisy Annotations in Semantic Segmentation, 2025, Section 3. The size of the
       noise on a box's corner is not given there.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from benchmark_n.masks import CropMask
from benchmark_n.runtime.random_streams import Stream
from benchmark_n.weak.segmenters.base import Box

CORNERS = ("top-left", "top-right", "bottom-right", "bottom-left")
_LEAST_SIDE = 1.0


@dataclass(frozen=True)
class NoisyBox:
    """A box (px) of which one corner was moved."""

    box: Box
    corner: str


def mask_centre(mask: CropMask) -> tuple[float, float]:
    """The pixel of a mask that is farthest from its border, (x, y).

    Of several that are equally far, the one nearest to the centroid: in a long bar all pixels of
    the axis are. The image's border counts as border. The mask is not empty.
    """
    depth = cv2.distanceTransform(
        cv2.copyMakeBorder(mask.pixels, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0),
        cv2.DIST_L2,
        cv2.DIST_MASK_PRECISE,
    )[1:-1, 1:-1]
    rows, columns = np.nonzero(depth >= depth.max() - 1e-3)
    moments = cv2.moments(mask.pixels, binaryImage=True)
    x, y = moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]
    nearest = int(np.argmin((columns - x) ** 2 + (rows - y) ** 2))
    return float(mask.x + columns[nearest]), float(mask.y + rows[nearest])


def box_centre(box: Box) -> tuple[float, float]:
    """The middle of a box, (x, y): it need not be inside the mask."""
    x, y, width, height = box
    return x + (width - 1) / 2, y + (height - 1) / 2


def random_pixel(mask: CropMask, uniform: float) -> tuple[float, float]:
    """The pixel of a mask, (x, y), that `uniform` in [0, 1) picks, each with the same chance."""
    places = np.flatnonzero(mask.pixels)
    row, column = divmod(int(places[int(uniform * places.size)]), mask.pixels.shape[1])
    return float(mask.x + column), float(mask.y + row)


def move_corner(
    box: Box, stream: Stream, sigma: float, unit: str, height: int, width: int
) -> NoisyBox:
    """The box with Gaussian noise on one of its corners; the opposite corner stays.

    Parameters
    ----------
    stream
        Draws which corner, and the two displacements.
    sigma, unit
        Standard deviation in x and in y: ``"px"``, or ``"share"`` of the box's width and height.
    height, width
        Of the image, px: the corner stays in it, and on its side of the opposite one by 1 px.
    """
    corner = CORNERS[int(stream.uniform("corner") * len(CORNERS))]
    x, y, w, h = box
    scale = (w, h) if unit == "share" else (1.0, 1.0)
    dx, dy = (sigma * s * stream.normal(a) for s, a in zip(scale, ("dx", "dy"), strict=True))
    left, right = _moved(x, x + w, dx, corner.endswith("left"), width)
    top, bottom = _moved(y, y + h, dy, corner.startswith("top"), height)
    return NoisyBox((left, top, right - left, bottom - top), corner)


def _moved(low: float, high: float, by: float, lower: bool, limit: int) -> tuple[float, float]:
    """An interval of an axis with one of its ends moved."""
    if lower:
        return min(max(low + by, 0.0), high - _LEAST_SIDE), high
    return low, max(min(high + by, float(limit)), low + _LEAST_SIDE)


def sketch(mask: CropMask, cells: int) -> CropMask:
    """A coarse version of a mask: its box cut into cells x cells, each filled or empty.

    A cell is filled where half of it or more is mask; where none is, the whole box is.
    """
    tight = mask.tight()
    h, w = tight.pixels.shape
    grid = (min(cells, w), min(cells, h))
    share = cv2.resize(tight.pixels.astype(np.float32), grid, interpolation=cv2.INTER_AREA)
    filled = (share >= 0.5).astype(np.uint8)
    if not filled.any():
        filled[:] = 1
    coarse = cv2.resize(filled, (w, h), interpolation=cv2.INTER_NEAREST)
    return CropMask(coarse.astype(np.uint8, copy=False), tight.x, tight.y, mask.height, mask.width)
