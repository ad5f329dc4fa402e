"""Parts of a second drawing, in whole numbers: margins, smoothing, hills, the cut at the border."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.masks import CropMask
from benchmark_n.masks.distance import FIXED
from benchmark_n.noise.clicks import SUBPIXEL, Ring, fill_rings
from benchmark_n.noise.random_field import FIELD_BITS

PASSES = 3  # of the box filter
UNIT = float(FIXED << FIELD_BITS)  # a pixel, in the field's units


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


def smoothed(distances: NDArray[np.int32], radius: int) -> NDArray[np.float64]:
    """Distances after box filters of `radius` px: sums of whole numbers, exact in any order."""
    values = distances.astype(np.float64)
    side = 2 * radius + 1
    for _ in range(PASSES if radius else 0):
        sums = cv2.boxFilter(
            values, cv2.CV_64F, (side, side), normalize=False, borderType=cv2.BORDER_REPLICATE
        )
        values = np.rint(sums.astype(np.float64, copy=False) / side**2)
    return values


def bump(distances: NDArray[np.int32], size: float, where: float) -> NDArray[np.float64]:
    """A smooth hill (or dip, for a negative size, px) around a pixel of the outline."""
    rows, columns = np.nonzero(np.abs(distances) <= FIXED // 2)
    place = min(int(where * len(rows)), len(rows) - 1)
    radius = max(round(2 * abs(size)), 2)
    h, w = distances.shape
    down = (np.arange(h, dtype=np.int64) - rows[place])[:, None]
    across = np.arange(w, dtype=np.int64) - columns[place]
    share = np.maximum(radius**2 - down**2 - across**2, 0) / radius**2
    bump: NDArray[np.float64] = np.rint(share * share * 256) * np.rint(size * UNIT / 256)
    return bump


def cut_rings(
    rings: list[tuple[Ring, bool]], shift: list[float], mask: CropMask, place: tuple[int, int]
) -> CropMask:
    """The rings moved by `shift` px and filled, within the image; `place` is their array's."""
    move = np.rint(np.array(shift) * SUBPIXEL).astype(np.int32)
    every = np.concatenate([ring for ring, _ in rings]) + move + np.array(place) * SUBPIXEL
    low = np.clip(every.min(axis=0) // SUBPIXEL, 0, [mask.width, mask.height])
    high = np.clip(-(-every.max(axis=0) // SUBPIXEL), 0, [mask.width, mask.height])
    (left, top), (right, bottom) = low.tolist(), high.tolist()
    if left >= right or top >= bottom:
        return CropMask(np.zeros((0, 0), np.uint8), 0, 0, mask.height, mask.width)
    move += (np.array(place) - low).astype(np.int32) * SUBPIXEL
    pixels = fill_rings([(ring + move, h) for ring, h in rings], bottom - top, right - left)
    return CropMask(pixels, left, top, mask.height, mask.width)
