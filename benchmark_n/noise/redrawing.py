"""Parts of a second drawing: margins, smoothing, hills, the cut at the border."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.masks import CropMask
from benchmark_n.masks.distance import FARTHEST, NEAREST, signed_distances
from benchmark_n.noise.clicks import SUBPIXEL, Ring, fill_rings

PASSES = 3  # of the box filter
_FIXED = 4096
# Pixels of an outline lie at most a diagonal from its zero, and their neighbours a pixel farther.
_BESIDE = 4
Values = NDArray[np.float32]


@dataclass(frozen=True)
class Displacement:
    """How far an outline moves, px: outwards, and where `part` is below 0 inwards there.

    Parameters
    ----------
    offset
        Everywhere.
    part, part_at
        Height of a hill, and its place on the outline, 0 to 1.
    field
        At each pixel, float32 (h, w); None for none.
    """

    offset: float
    part: float
    part_at: float
    field: Values | None

    @property
    def farthest(self) -> float:
        """No pixel is moved farther, px."""
        low, high = (0.0, 0.0)
        if self.field is not None:
            low, high, _, _ = cv2.minMaxLoc(self.field)
        return max(abs(self.offset + low), abs(self.offset + high)) + abs(self.part)

    def of(self, distances: Values, radius: int) -> Values:
        """Signed distances, smoothed by `radius` px, to the outline that was moved."""
        values = smoothed(distances, radius) if radius else distances
        values = values + np.float32(self.offset)
        if self.part:
            add_bump(values, distances, self.part, self.part_at)
        if self.field is not None:
            values += self.field
        return values


def displaced(mask: NDArray[np.uint8], displacement: Displacement, radius: int) -> Values:
    """Signed distances to a mask's outline after it was smoothed and moved, px, float32 (h, w).

    Right around the new outline; elsewhere the sign is. Only where the outline meets the array's
    border are all of them computed: its neighbours there are from the array's other side.
    """
    within = math.ceil(displacement.farthest) + _BESIDE
    if within <= NEAREST and not radius and not _meets_border(mask):
        values = displacement.of(signed_distances(mask, within), 0)
        if not _meets_border(values):
            return values
    return displacement.of(signed_distances(mask), radius)


def _meets_border(values: NDArray[np.uint8] | Values) -> bool:
    return any((edge > 0).any() for edge in (values[0], values[-1], values[:, 0], values[:, -1]))


def with_margin(mask: CropMask, margin: int) -> tuple[NDArray[np.uint8], int, int]:
    """The pixels with a margin, and its place in the image.

    Beyond the image's border a mask goes on as it is there: nobody draws a line along the border.
    """
    grown = mask.grown(margin)
    h, w = grown.pixels.shape
    left, top = mask.x - margin, mask.y - margin
    before, above = grown.x - left, grown.y - top
    after = mask.pixels.shape[1] + 2 * margin - before - w
    below = mask.pixels.shape[0] + 2 * margin - above - h
    borders = (above, below, before, after)
    pixels = cv2.copyMakeBorder(grown.pixels, *borders, cv2.BORDER_REPLICATE)
    return pixels.astype(np.uint8, copy=False), left, top


def smoothed(distances: Values, radius: int) -> Values:
    """Distances (px) after box filters of `radius` px, to 1 / _FIXED px: sums of whole numbers."""
    values = np.rint(distances.astype(np.float64) * _FIXED)
    side = 2 * radius + 1
    for _ in range(PASSES):
        sums = cv2.boxFilter(
            values, cv2.CV_64F, (side, side), normalize=False, borderType=cv2.BORDER_REPLICATE
        )
        values = np.rint(sums.astype(np.float64, copy=False) / side**2)
    return (values / _FIXED).astype(np.float32)


def add_bump(values: Values, distances: Values, size: float, where: float) -> None:
    """Add a smooth hill (or dip, for a negative size, px) around a pixel of the outline."""
    rim = np.flatnonzero((distances <= 0.5) & (distances >= -0.5))
    if not len(rim):  # a mask of the whole image has no outline
        return
    w = values.shape[1]
    y, x = divmod(int(rim[min(int(where * len(rim)), len(rim) - 1)]), w)
    radius = max(round(2 * abs(size)), 2)
    top, left = max(y - radius, 0), max(x - radius, 0)
    window = values[top : y + radius, left : x + radius]
    down = (np.arange(window.shape[0]) + (top - y))[:, None]
    across = np.arange(window.shape[1]) + (left - x)
    share = np.maximum(radius**2 - down * down - across * across, 0) / radius**2
    window += (share * share * max(min(size, FARTHEST), -FARTHEST)).astype(np.float32)


def cut_rings(
    rings: list[tuple[Ring, bool]], shift: list[float], mask: CropMask, place: tuple[int, int]
) -> CropMask:
    """The rings moved by `shift` px and filled, within the image; `place` is their array's."""
    dx, dy = (round(pixels * SUBPIXEL) for pixels in shift)
    boxes = [cv2.boundingRect(ring) for ring, hole in rings if not hole]
    x, y = dx + place[0] * SUBPIXEL, dy + place[1] * SUBPIXEL
    left = max((min(box[0] for box in boxes) + x) // SUBPIXEL, 0)
    top = max((min(box[1] for box in boxes) + y) // SUBPIXEL, 0)
    right = min(-(-(max(box[0] + box[2] for box in boxes) - 1 + x) // SUBPIXEL), mask.width)
    bottom = min(-(-(max(box[1] + box[3] for box in boxes) - 1 + y) // SUBPIXEL), mask.height)
    if left >= right or top >= bottom:
        return CropMask(np.zeros((0, 0), np.uint8), 0, 0, mask.height, mask.width)
    move = np.array([x - left * SUBPIXEL, y - top * SUBPIXEL], np.int32)
    pixels = fill_rings([(ring + move, hole) for ring, hole in rings], bottom - top, right - left)
    return CropMask(pixels, left, top, mask.height, mask.width)
