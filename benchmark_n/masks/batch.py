"""Many COCO segmentations to RLE at once.

Most masks of a benchmark or of a model are compressed RLEs that only have to be checked; parsed
together, the check costs a small part of what it does one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
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
    note: Callable[[int, str], None] | None = None,
) -> list[Rle]:
    """Compressed RLEs of N segmentations, as `segmentation_to_rle` makes them.

    Parameters
    ----------
    sizes
        (height, width) of each one's image, px.
    fault
        Makes the exception to raise out of the place of the first bad segmentation and the reason.
    note
        Called with the place of a segmentation that is not read as it stands, and the kind.
    """
    rles: list[Rle] = []
    for start in range(0, len(segmentations), _BATCH):
        batch, shapes = segmentations[start : start + _BATCH], sizes[start : start + _BATCH]
        for place, text in enumerate(_valid_counts(batch, shapes)):
            height, width = shapes[place]
            if text is not None:
                rles.append({"size": [height, width], "counts": text})
                continue
            told = None if note is None else partial(note, start + place)
            try:
                rles.append(segmentation_to_rle(batch[place], height, width, note=told))
            except SegmentationError as error:
                raise fault(start + place, str(error)) from None
    return rles


def _valid_counts(values: Sequence[Any], sizes: Sequence[Size]) -> list[bytes | None]:
    """The counts of each compressed RLE of its image's size in the form that encoders write."""
    texts = [_counts(value, size) for value, size in zip(values, sizes, strict=True)]
    places = [i for i, text in enumerate(texts) if text]
    if not places:
        return [None] * len(texts)
    try:
        runs, counts = parse_counts([text for text in texts if text])
    except RleError:
        return [None] * len(texts)
    pixels = np.array([sizes[i][0] * sizes[i][1] for i in places], np.int64)
    starts = np.cumsum(counts) - counts
    wrong = np.add.reduceat(runs, starts) != pixels
    runs[starts] += 1  # the first run alone may be 0
    wrong |= np.minimum.reduceat(runs, starts) <= 0
    for place in np.flatnonzero(wrong).tolist():
        texts[places[place]] = None
    return texts


def _counts(value: Any, size: Size) -> bytes | None:
    if not isinstance(value, dict):
        return None
    counts, stated = value.get("counts"), value.get("size")
    if not (counts and isinstance(stated, list | tuple) and tuple(stated) == size):
        return None
    if isinstance(counts, str):
        return counts.encode() if counts.isascii() else None
    return counts if isinstance(counts, bytes) else None


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
