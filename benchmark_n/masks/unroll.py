"""Run lengths to crops: only the pixels of the crop are ever unrolled.

pycocotools decodes to the whole image. Here all runs of a batch of masks are placed in their crops
by a few array operations; what is left to do for each mask is to repeat values and transpose.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark_n.masks.crop import CropMask
from benchmark_n.masks.rle import Rle, parse_counts, places, transposed

Ints = NDArray[np.int64]


def rle_to_crop(rle: Rle) -> CropMask:
    """The mask of a compressed RLE in its tight crop, for RLEs known to be valid."""
    return rles_to_crops([rle])[0]


def rles_to_crops(rles: Sequence[Rle]) -> list[CropMask]:
    """The masks of several valid RLEs in their tight crops, as `rle_to_crop` gives them."""
    sizes = [(rle["size"][0], rle["size"][1]) for rle in rles]
    crops = [CropMask(np.zeros((0, 0), np.uint8), 0, 0, *size) for size in sizes]
    if not rles:
        return crops
    starts, lengths, owners = _foreground(rles)
    if starts.size == 0:
        return crops
    heights = np.array([height for height, _ in sizes])
    filled, first = np.unique(owners, return_index=True)
    columns = starts // heights[owners]
    rows = starts - columns * heights[owners]
    boxes = _boxes(columns, rows, lengths, first, heights[filled])
    runs, bounds = _crop_runs(columns, rows, lengths, first, boxes)
    alternating = (np.arange(np.diff(bounds).max()) & 1).astype(np.uint8)
    limits = bounds.tolist()
    for place, index in enumerate(filled.tolist()):
        left, top, w, h = boxes[:, place].tolist()
        part = runs[limits[place] : limits[place + 1]]
        column_major = np.repeat(alternating[: part.size], part).reshape(w, h)
        crops[index] = CropMask(transposed(column_major), left, top, *sizes[index])
    return crops


def _foreground(rles: Sequence[Rle]) -> tuple[Ints, Ints, Ints]:
    """Start and length of every foreground run in its image, and the index of its mask."""
    runs, counts = parse_counts([rle["counts"] for rle in rles])
    total = np.cumsum(runs)
    firsts = np.cumsum(counts) - counts
    before = np.zeros(len(rles), np.int64)
    some = counts > 0
    before[some] = total[firsts[some]] - runs[firsts[some]]
    odd = np.flatnonzero((places(counts) & 1 == 1) & (runs > 0))
    owners = np.repeat(np.arange(len(rles)), counts)[odd]
    return total[odd] - runs[odd] - before[owners], runs[odd], owners


def _boxes(columns: Ints, rows: Ints, lengths: Ints, first: Ints, heights: Ints) -> Ints:
    """Left, top, width and height of each mask, int64 (4, masks)."""
    last = np.append(first[1:], columns.size) - 1
    bottom = np.maximum.reduceat(rows + lengths, first)
    # A run that goes on in the next column uses all rows.
    spanning = bottom > heights
    top = np.where(spanning, 0, np.minimum.reduceat(rows, first))
    bottom = np.where(spanning, heights, bottom)
    right = columns[last] + (rows[last] + lengths[last] - 1) // heights + 1
    left = columns[first]
    return np.stack([left, top, right - left, bottom - top])


def _crop_runs(
    columns: Ints, rows: Ints, lengths: Ints, first: Ints, boxes: Ints
) -> tuple[Ints, Ints]:
    """Run lengths of all crops in a row, background first and last, and where each begins."""
    counts = np.diff(first, append=columns.size)
    rank = np.repeat(np.arange(first.size), counts)
    left, top, width, height = boxes
    starts = (columns - left[rank]) * height[rank] + rows - top[rank]
    gaps = starts.copy()
    gaps[1:] -= starts[:-1] + lengths[:-1]
    gaps[first] = starts[first]
    bounds = np.concatenate([2 * first + np.arange(first.size), [2 * starts.size + first.size]])
    runs = np.empty(bounds[-1], np.int64)
    places_of_gaps = 2 * np.arange(starts.size) + rank
    runs[places_of_gaps] = gaps
    runs[places_of_gaps + 1] = lengths
    last = first + counts - 1
    runs[bounds[1:] - 1] = width * height - (starts[last] + lengths[last])
    return runs, bounds
