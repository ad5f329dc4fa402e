"""Masks as Label Studio's brush has them: run lengths of an RGBA picture, packed into bytes.

A stream of bits: the number of values (32), their width less one (5), four sizes less one (4
each), then runs: a one, which size states the length (2), the length less one in as many bits, the
value (8).

References
----------
.. [1] ``@thi.ng/rle-pack``, which Label Studio reads and writes its brush masks with.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from benchmark_n.masks import CropMask

_CHANNELS, _ON = 4, 255
_SIZES = (3, 4, 8, 16)


def brush_rle(mask: CropMask) -> list[int]:
    """The bytes of a mask.

    Examples
    --------
    >>> brush_rle(CropMask.from_full(np.array([[0, 1]], np.uint8)))
    [0, 0, 0, 8, 57, 27, 252, 96, 17, 255, 128]
    """
    bits = [f"{_CHANNELS * mask.height * mask.width:032b}", f"{8 - 1:05b}"]
    bits += [f"{size - 1:04b}" for size in _SIZES]
    for pixels, value in _runs(mask):
        left = _CHANNELS * pixels
        while left:
            length = min(left, 1 << _SIZES[-1])
            index = next(i for i, size in enumerate(_SIZES) if length <= 1 << size)
            bits.append(f"1{index:02b}{length - 1:0{_SIZES[index]}b}{value:08b}")
            left -= length
    text = "".join(bits)
    text += "0" * (8 - len(text) % 8)
    return list(int(text, 2).to_bytes(len(text) // 8, "big"))


def _runs(mask: CropMask) -> Iterator[tuple[int, int]]:
    """Lengths (px) and values of the runs of the whole image, row by row."""
    edges = np.diff(np.pad(mask.pixels.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    rows, columns = np.nonzero(edges)
    places = (rows + mask.y) * mask.width + columns + mask.x
    bounds = [0, *places.tolist(), mask.height * mask.width]
    for number, (start, end) in enumerate(pairwise(bounds)):
        if end > start:
            yield end - start, _ON * (number % 2)
