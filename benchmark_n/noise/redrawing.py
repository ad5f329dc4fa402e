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
# From a pixel outside the new outline one inside it is a pixel away, its neighbours are one more,
# and distances are told from half a pixel farther in.
_BESIDE = 3
Values = NDArray[np.float32]


@dataclass(frozen=True)
class Displacement:
    """How far an outline moves, px; outwards is above 0.

    Parameters
    ----------
    offset
        Everywhere.
    part, part_at
        Height of a hill (of a dip, below 0), and its place along the outline's rows, 0 to 1.
    field
        At each pixel, float32 (h, w); None for none.
    """

    offset: float
    part: float
    part_at: float
    field: Values | None

    @property
    def farthest(self) -> float:
        """No pixel is moved farther but by the hill, px."""
        low, high = (0.0, 0.0) if self.field is None else cv2.minMaxLoc(self.field)[:2]
        return max(abs(self.offset + low), abs(self.offset + high))


@dataclass(frozen=True)
class _Hill:
    """A smooth hill around the pixel (y, x), or a dip for a negative size, px."""

    y: int
    x: int
    size: float

    @property
    def radius(self) -> int:
        return max(round(2 * abs(self.size)), 2)

    def add_to(self, values: Values) -> None:
        top, left = max(self.y - self.radius, 0), max(self.x - self.radius, 0)
        window = values[top : self.y + self.radius, left : self.x + self.radius]
        down = np.arange(window.shape[0]) + float(top - self.y)
        across = np.arange(window.shape[1]) + float(left - self.x)
        share = (self.radius**2 - down * down)[:, None] - across * across
        np.maximum(share, 0, out=share)
        share /= self.radius**2
        share *= share
        share *= max(min(self.size, FARTHEST), -FARTHEST)
        window += share.astype(np.float32)

    def measure_around(self, mask: NDArray[np.uint8], distances: Values, within: int) -> None:
        """Put in the distances that count where the hill is, beyond the `within` px there are."""
        reach = within + math.ceil(min(abs(self.size), FARTHEST))
        top, left = max(self.y - self.radius, 0), max(self.x - self.radius, 0)
        window = distances[top : self.y + self.radius, left : self.x + self.radius]
        y, x = max(top - reach, 0), max(left - reach, 0)
        apron = self.radius + reach
        part = np.ascontiguousarray(mask[y : self.y + apron, x : self.x + apron])
        found = signed_distances(part)[top - y :, left - x :]
        window[...] = found[: window.shape[0], : window.shape[1]]


def displaced(mask: NDArray[np.uint8], displacement: Displacement, radius: int) -> Values:
    """Signed distances to a mask's outline after it was smoothed and moved, px, float32 (h, w).

    Right around the new outline; elsewhere the sign is. Only where the outline meets the array's
    border are all of them computed: its neighbours there are from the array's other side.
    """
    within = math.ceil(displacement.farthest) + _BESIDE
    if within <= NEAREST and not radius and not _meets_border(mask):
        values = _moved(mask, displacement, radius, within)
        if not _meets_border(values):
            return values
    return _moved(mask, displacement, radius, FARTHEST)


def _moved(mask: NDArray[np.uint8], by: Displacement, radius: int, within: int) -> Values:
    distances = signed_distances(mask, within)
    hill = _hill_of(distances, by.part, by.part_at) if by.part else None
    if hill and within < FARTHEST:
        hill.measure_around(mask, distances, within)
    if radius:
        distances = smoothed(distances, radius)
    distances += np.float32(by.offset)
    if hill:
        hill.add_to(distances)
    if by.field is not None:
        distances += by.field
    return distances


def _hill_of(distances: Values, size: float, where: float) -> _Hill | None:
    rim = np.flatnonzero((distances <= 0.5) & (distances >= -0.5))
    if not len(rim):  # a mask of the whole image has no outline
        return None
    y, x = divmod(int(rim[min(int(where * len(rim)), len(rim) - 1)]), distances.shape[1])
    return _Hill(y, x, size)


def _meets_border(values: NDArray[np.uint8] | Values) -> bool:
    """Whether a value at the array's border is above 0."""
    h, w = values.shape
    return bool(values[:: h - 1 or 1].max() > 0 or values[:, :: w - 1 or 1].max() > 0)


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
