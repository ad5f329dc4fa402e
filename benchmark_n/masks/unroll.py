"""Run lengths to crops: only the pixels of the crop are ever unrolled.

pycocotools decodes to the whole image. Here all runs of a batch of masks are placed in their crops
by a few array operations; what is left to do for each mask is to repeat values and transpose.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark_n.masks.crop import CropMask
from benchmark_n.masks.rle import Rle, parse_counts, places, transposed

Ints = NDArray[np.int64]
# Enough to share the cost of starting an array operation, few enough to stay in the cache.
_TOGETHER = 32


def rle_to_crop(rle: Rle) -> CropMask:
    """The mask of a compressed RLE in its tight crop, for RLEs known to be valid."""
    return next(rles_to_crops([rle]))


def rles_to_crops(rles: Sequence[Rle]) -> Iterator[CropMask]:
    """The masks of several valid RLEs in their tight crops, unrolled one by one as they are asked.

    The runs of a few masks are placed at once; no more than one crop is in memory.
    """
    for start in range(0, len(rles), _TOGETHER):
        yield from _unroll(rles[start : start + _TOGETHER])


def _unroll(rles: Sequence[Rle]) -> Iterator[CropMask]:
    starts, lengths, owners = _foreground(rles)
    if starts.size == 0:
        yield from (_empty(rle) for rle in rles)
        return
    heights = np.array([rle["size"][0] for rle in rles])
    filled, first = np.unique(owners, return_index=True)
    columns = starts // heights[owners]
    rows = starts - columns * heights[owners]
    boxes = _boxes(columns, rows, lengths, first, heights[filled])
    runs, bounds = _crop_runs(columns, rows, lengths, first, boxes)
    alternating = (np.arange(np.diff(bounds).max()) & 1).astype(np.uint8)
    where = dict(zip(filled.tolist(), boxes.T.tolist(), strict=True))
    pieces = iter(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True))
    for index, rle in enumerate(rles):
        if index not in where:
            yield _empty(rle)
            continue
        left, top, w, h = where[index]
        start, stop = next(pieces)
        column_major = np.repeat(alternating[: stop - start], runs[start:stop]).reshape(w, h)
        yield CropMask(transposed(column_major), left, top, rle["size"][0], rle["size"][1])


def _empty(rle: Rle) -> CropMask:
    return CropMask(np.zeros((0, 0), np.uint8), 0, 0, rle["size"][0], rle["size"][1])


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
