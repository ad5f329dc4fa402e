"""Many COCO segmentations to RLE at once.

Most masks of a benchmark or of a model are compressed RLEs that only have to be checked; parsed
together, the check costs a small part of what it does one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from benchmark_n.masks.rle import Rle, RleError, parse_counts
from benchmark_n.masks.segmentation import SegmentationError, segmentation_to_rle

_BATCH = 256
# pycocotools 2.0.11 counts the masks of a list in 8 bits.
_MOST_AREAS = 200
Size = tuple[int, int]


def segmentations_to_rles(
    segmentations: Sequence[Any],
    sizes: Sequence[Size],
    fault: Callable[[int, str], Exception],
) -> list[Rle]:
    """Compressed RLEs of N segmentations, as `segmentation_to_rle` makes them.

    Parameters
    ----------
    sizes
        (height, width) of each one's image, px.
    fault
        Makes the exception to raise out of the place of the first bad segmentation and the reason.
    """
    rles: list[Rle] = []
    for start in range(0, len(segmentations), _BATCH):
        batch, shapes = segmentations[start : start + _BATCH], sizes[start : start + _BATCH]
        valid = _are_valid(batch, shapes)
        for place, (value, (height, width)) in enumerate(zip(batch, shapes, strict=True)):
            if valid[place]:
                rles.append({"size": [height, width], "counts": _bytes(value["counts"])})
                continue
            try:
                rles.append(segmentation_to_rle(value, height, width))
            except SegmentationError as error:
                raise fault(start + place, str(error)) from None
    return rles


def _are_valid(values: Sequence[Any], sizes: Sequence[Size]) -> NDArray[np.bool_]:
    """Which are compressed RLEs in the form that encoders write, of their image's size."""
    candidates = np.array([_is_candidate(v, s) for v, s in zip(values, sizes, strict=True)], bool)
    places = np.flatnonzero(candidates)
    if not places.size:
        return candidates
    try:
        runs, counts = parse_counts([_bytes(values[i]["counts"]) for i in places.tolist()])
    except RleError:
        return np.zeros(len(values), bool)
    pixels = np.array([sizes[i][0] * sizes[i][1] for i in places.tolist()], np.int64)
    starts = np.cumsum(counts) - counts
    totals = np.add.reduceat(runs, starts)
    least = runs.copy()
    least[starts] += 1  # the first run alone may be 0
    candidates[places] = (totals == pixels) & (np.minimum.reduceat(least, starts) > 0)
    return candidates


def _is_candidate(value: Any, size: Size) -> bool:
    if not isinstance(value, dict):
        return False
    counts = value.get("counts")
    plain = isinstance(counts, bytes) or (isinstance(counts, str) and counts.isascii())
    stated = value.get("size")
    return plain and bool(counts) and isinstance(stated, list | tuple) and tuple(stated) == size


def _bytes(counts: str | bytes) -> bytes:
    return counts if isinstance(counts, bytes) else counts.encode()


def rle_areas(rles: Sequence[Rle]) -> NDArray[np.float64]:
    """Areas (N,), px²."""
    parts = [
        coco_mask.area(list(rles[i : i + _MOST_AREAS])) for i in range(0, len(rles), _MOST_AREAS)
    ]
    return np.concatenate([np.zeros(0), *parts]).astype(np.float64)


def rle_boxes(rles: Sequence[Rle]) -> NDArray[np.float64]:
    """Boxes (N, 4), [x, y, width, height] in px."""
    boxes = coco_mask.toBbox(list(rles)) if len(rles) else np.zeros((0, 4))
    return np.asarray(boxes, np.float64).reshape(-1, 4)
