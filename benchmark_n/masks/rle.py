"""Run-length encoding as pycocotools writes it: strings to runs, and crops to both.

The string form is that of pycocotools' ``rleToString``: 5 bits a character from code 48 on,
bit 6 says that more follow; from the fourth run on each is the difference to the run two before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

import cv2
import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from benchmark_n.masks.crop import CropMask

_FIRST_CHARACTER = 48
_MORE = 0x20
_PAYLOAD = 0x1F
_SIGN = 0x10
_LONGEST_NUMBER = 6


class Rle(TypedDict):
    """A compressed run-length encoding: image ``size`` (height, width) px, ``counts`` bytes."""

    size: list[int]
    counts: bytes


def rle_record(rle: Rle) -> dict[str, Any]:
    """The encoding as a ``segmentation`` value of COCO's JSON, its counts as text.

    >>> rle_record({"size": [2, 3], "counts": b"33"})
    {'size': [2, 3], 'counts': '33'}
    """
    return {"size": rle["size"], "counts": rle["counts"].decode()}


class RleError(ValueError):
    """The counts do not describe a mask of the stated size."""


def counts_to_runs(counts: bytes) -> NDArray[np.int64]:
    """Run lengths, background first, out of a compressed `counts` string.

    Raises
    ------
    RleError
        A character outside the code, or a string that stops inside a number.
    """
    return parse_counts([counts])[0]


def parse_counts(strings: Sequence[bytes]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Run lengths of several `counts` strings, one after the other, and how many each has.

    The strings are parsed together: on a single one the start of each array operation costs more
    than its work.
    """
    code = np.frombuffer(b"".join(strings), np.uint8) - np.uint8(_FIRST_CHARACTER)
    stops = np.cumsum([len(string) for string in strings])
    if code.size == 0:
        return code.astype(np.int64), np.zeros(len(strings), np.int64)
    final = code < _MORE
    if code.max() > _MORE | _PAYLOAD or not final[stops[stops > 0] - 1].all():
        raise RleError("corrupt RLE counts: not a COCO run-length string")
    ends = np.flatnonzero(final)
    runs = (code[ends].astype(np.int64) ^ _SIGN) - _SIGN  # a number's last character is signed
    more = np.diff(ends, prepend=-1) - 1
    if more.max() > _LONGEST_NUMBER - 1:
        raise RleError("corrupt RLE counts: a run is longer than any image")
    for place in range(1, int(more.max()) + 1):
        longer = np.flatnonzero(more >= place)
        runs[longer] = (runs[longer] << 5) | (code[ends[longer] - place] & _PAYLOAD)
    sizes = np.diff(np.searchsorted(ends, stops), prepend=0)
    _sum_differences(runs, sizes)
    return runs, sizes


def _sum_differences(runs: NDArray[np.int64], sizes: NDArray[np.int64]) -> None:
    """From the fourth on, each number is the difference to the one two before: add them up."""
    place = places(sizes)
    for first in (1, 2):
        chain = np.flatnonzero((place >= first) & (place & 1 == first & 1))
        values = runs[chain]
        total = np.cumsum(values)
        heads = np.flatnonzero(place[chain] == first)
        before = total[heads] - values[heads]
        runs[chain] = total - np.repeat(before, np.diff(heads, append=chain.size))


def places(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Position of each item inside its group, for groups of the given sizes in a row."""
    return np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)


def check_runs(runs: NDArray[np.int64], height: int, width: int) -> None:
    """Raise `RleError` unless the runs are >= 0 and fill an image of height x width px."""
    if runs.size and runs.min() < 0:
        raise RleError("corrupt RLE counts: negative run")
    total = int(runs.sum())
    if total != height * width:
        raise RleError(f"RLE counts cover {total} pixels, expected {height}x{width}")


def transposed(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The transpose in C order; OpenCV's is several times faster than numpy's copy."""
    return cv2.transpose(pixels).astype(np.uint8, copy=False) if pixels.size else pixels.T


def crops_to_runs(masks: Sequence[CropMask]) -> list[NDArray[np.int64]]:
    """Run lengths (column-major, background first) of several masks, found together."""
    if not masks:
        return []
    h = np.array([mask.pixels.shape[0] for mask in masks])
    w = np.array([mask.pixels.shape[1] for mask in masks])
    bounds = np.concatenate([[1], 1 + np.cumsum(w * (h + 1))])
    # A background pixel before all and one after each column keep the runs of columns apart.
    flat = np.zeros(bounds[-1], np.uint8)
    for mask, start, stop in zip(masks, bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        rows, columns = mask.pixels.shape
        flat[start:stop].reshape(columns, rows + 1)[:, :rows] = transposed(mask.pixels)
    edges = np.flatnonzero(flat[1:] != flat[:-1])
    cuts = np.searchsorted(edges, bounds - 1)
    return [
        _image_runs(edges[cuts[i] : cuts[i + 1]] - (bounds[i] - 1), mask)
        for i, mask in enumerate(masks)
    ]


def _image_runs(edges: NDArray[np.int64], mask: CropMask) -> NDArray[np.int64]:
    """Run lengths in the image, of edges in the crop's columns with a pixel after each."""
    h = mask.pixels.shape[0]
    gap = mask.height - h - 1
    positions = edges // (h + 1) * gap + edges + (mask.x * mask.height + mask.y)
    if h == mask.height:
        # A run that reaches the last row goes on in the next column's first: join the two.
        joined = np.flatnonzero(positions[1:-1:2] == positions[2::2])
        positions = np.delete(positions, np.concatenate([2 * joined + 1, 2 * joined + 2]))
    runs = np.empty(positions.size + 1, np.int64)
    runs[-1] = mask.height * mask.width
    runs[:-1] = positions
    runs[1:] -= positions
    return runs[:-1] if runs[-1] == 0 and runs.size > 1 else runs


def runs_to_rle(runs: NDArray[np.int64], height: int, width: int) -> Rle:
    """Compressed RLE of run lengths."""
    rle: Rle = coco_mask.frPyObjects(
        {"size": [height, width], "counts": runs.tolist()}, height, width
    )
    return rle


def crop_to_rle(mask: CropMask) -> Rle:
    """Compressed RLE of a mask, equal byte for byte to ``pycocotools.mask.encode``."""
    return crops_to_rles([mask])[0]


def crops_to_rles(masks: Sequence[CropMask]) -> list[Rle]:
    """Compressed RLEs of several masks."""
    return [
        runs_to_rle(runs, mask.height, mask.width)
        for runs, mask in zip(crops_to_runs(masks), masks, strict=True)
    ]
