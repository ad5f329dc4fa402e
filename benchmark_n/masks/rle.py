"""Run-length encoding as pycocotools writes it, straight between runs and crops.

pycocotools decodes and encodes whole images; a crop needs only the columns the mask occupies.
The string form is that of pycocotools' ``rleToString``: 5 bits a character from code 48 on,
bit 6 says that more follow, and from the fourth run on each is the difference to the run two before.
"""

from __future__ import annotations

from typing import TypedDict

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from benchmark_n.masks.crop import CropMask

_FIRST_CHARACTER = 48
_MORE = 0x20
_PAYLOAD = 0x1F
_SIGN = 0x10
_LONGEST_GROUP = 7


class Rle(TypedDict):
    """A compressed run-length encoding: image ``size`` (height, width) px, ``counts`` bytes."""

    size: list[int]
    counts: bytes


class RleError(ValueError):
    """The counts do not describe a mask of the stated size."""


def counts_to_runs(counts: bytes) -> NDArray[np.int64]:
    """Run lengths, background first, out of a compressed `counts` string.

    Raises
    ------
    RleError
        A character outside the code, or a string that stops inside a number.
    """
    code = np.frombuffer(counts, np.uint8).astype(np.int64) - _FIRST_CHARACTER
    if code.size == 0:
        return code
    if code.min() < 0 or code.max() > _MORE | _PAYLOAD or code[-1] & _MORE:
        raise RleError("corrupt RLE counts: not a COCO run-length string")
    ends = np.flatnonzero(code & _MORE == 0)
    starts = np.empty_like(ends)
    starts[0] = 0
    starts[1:] = ends[:-1] + 1
    lengths = ends - starts + 1
    if lengths.max() > _LONGEST_GROUP:
        raise RleError("corrupt RLE counts: a run is longer than any image")
    shifts = 5 * (np.arange(code.size) - np.repeat(starts, lengths))
    runs = np.add.reduceat((code & _PAYLOAD) << shifts, starts)
    negative = code[ends] & _SIGN != 0
    runs[negative] -= np.int64(1) << (5 * lengths[negative])
    # Differences to the run two before: a running sum over odd and one over even positions.
    runs[1::2] = np.cumsum(runs[1::2])
    runs[2::2] = np.cumsum(runs[2::2])
    return runs


def check_runs(runs: NDArray[np.int64], height: int, width: int) -> None:
    """Raise `RleError` unless the runs are >= 0 and fill an image of height x width px."""
    if runs.size and runs.min() < 0:
        raise RleError("corrupt RLE counts: negative run")
    total = int(runs.sum())
    if total != height * width:
        raise RleError(f"RLE counts cover {total} pixels, expected {height}x{width}")


def rle_to_crop(rle: Rle) -> CropMask:
    """The mask of a compressed RLE in its tight crop, for RLEs known to be valid."""
    height, width = rle["size"]
    return runs_to_crop(counts_to_runs(rle["counts"]), height, width)


def runs_to_crop(runs: NDArray[np.int64], height: int, width: int) -> CropMask:
    """The mask of run lengths (column-major, background first) in its tight crop."""
    edges = np.cumsum(runs)
    starts, stops = edges[0:-1:2], edges[1::2]
    filled = starts < stops
    if not filled.all():
        starts, stops = starts[filled], stops[filled]
    if starts.size == 0:
        return CropMask(np.zeros((0, 0), np.uint8), 0, 0, height, width)
    left, right = int(starts[0]) // height, (int(stops[-1]) - 1) // height + 1
    top, bottom = _rows(starts, stops, height)
    # Only the columns in use are unrolled, then cut to the rows in use.
    change = np.zeros((right - left) * height + 1, np.int8)
    change[starts - left * height] = 1
    change[stops - left * height] -= 1
    band = np.cumsum(change[:-1], dtype=np.int8).reshape(right - left, height)
    pixels = np.ascontiguousarray(band[:, top:bottom].T).view(np.uint8)
    return CropMask(pixels, left, top, height, width)


def _rows(starts: NDArray[np.int64], stops: NDArray[np.int64], height: int) -> tuple[int, int]:
    first, last = starts % height, (stops - 1) % height
    if ((stops - starts) > height - first).any():
        return 0, height
    return int(first.min()), int(last.max()) + 1


def crop_to_runs(mask: CropMask) -> NDArray[np.int64]:
    """Run lengths (column-major, background first) of a mask."""
    h, w = mask.pixels.shape
    total = mask.height * mask.width
    padded = np.zeros((w, h + 1), np.int8)
    padded[:, :h] = mask.pixels.T
    flat = np.empty(w * (h + 1) + 1, np.int8)
    flat[0] = 0
    flat[1:] = padded.ravel()
    edges = np.flatnonzero(flat[1:] != flat[:-1])
    column, row = np.divmod(edges, h + 1)
    positions = (mask.x + column) * mask.height + mask.y + row
    if h == mask.height:
        # A run that reaches the last row goes on in the next column's first: join the two.
        joined = np.flatnonzero(positions[1:-1:2] == positions[2::2])
        positions = np.delete(positions, np.concatenate([2 * joined + 1, 2 * joined + 2]))
    runs = np.empty(positions.size + 1, np.int64)
    if positions.size == 0:
        runs[0] = total
        return runs
    runs[0] = positions[0]
    runs[1:-1] = positions[1:] - positions[:-1]
    runs[-1] = total - positions[-1]
    return runs[:-1] if runs[-1] == 0 else runs


def runs_to_rle(runs: NDArray[np.int64], height: int, width: int) -> Rle:
    """Compressed RLE of run lengths."""
    rle: Rle = coco_mask.frPyObjects(
        {"size": [height, width], "counts": runs.tolist()}, height, width
    )
    return rle


def crop_to_rle(mask: CropMask) -> Rle:
    """Compressed RLE of a mask, equal byte for byte to ``pycocotools.mask.encode``."""
    return runs_to_rle(crop_to_runs(mask), mask.height, mask.width)
