"""Contours of a mask and masks of contours.

`find_contours` and `fill_contours` are inverse to each other: OpenCV traces a hole along the
pixels around it, and filling draws a contour's own pixels.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.masks.crop import CropMask

Contour = NDArray[np.int32]
Part = list[Contour]

_NEXT, _CHILD = 0, 2
# fillPoly draws other pixels before 4.11, and approxPolyDP keeps other vertices before 4.13.
_OLDEST_OPENCV = (4, 13)


def opencv_fault() -> str | None:
    """A line that says so if the installed OpenCV makes other masks than newer ones; else None."""
    found = tuple(int(part) for part in cv2.__version__.split(".")[:2])
    if found >= _OLDEST_OPENCV:
        return None
    oldest = ".".join(map(str, _OLDEST_OPENCV))
    return (
        f"OpenCV {cv2.__version__} fills and simplifies contours otherwise than {oldest} and newer "
        "do: the bytes are not those of the same benchmark made elsewhere"
    )


def find_contours(mask: CropMask, *, holes: bool = True) -> list[Part]:
    """The parts of a mask, each an outer contour followed by the contours of its holes.

    Contours are int32 arrays of shape (V, 1, 2) with (x, y) in image coordinates, px, without the
    points inside straight runs. With ``holes=False`` only outermost contours are traced.
    """
    mode = cv2.RETR_CCOMP if holes else cv2.RETR_EXTERNAL
    contours, hierarchy = cv2.findContours(
        mask.pixels, mode, cv2.CHAIN_APPROX_SIMPLE, offset=(mask.x, mask.y)
    )
    if len(contours) == 1:
        return [[contours[0].astype(np.int32, copy=False)]]
    parts: list[Part] = []
    links = [] if hierarchy is None else hierarchy[0].tolist()
    index = 0 if links else -1
    while index >= 0:
        part = [contours[index]]
        child = links[index][_CHILD]
        while child >= 0:
            part.append(contours[child])
            child = links[child][_NEXT]
        parts.append([contour.astype(np.int32, copy=False) for contour in part])
        index = links[index][_NEXT]
    return parts


def fill_contours(parts: Sequence[Part], height: int, width: int) -> CropMask:
    """The union of the parts, each filled by the even-odd rule, cut at the image's border.

    The crop is empty when nothing of the parts lies in the image.
    """
    boxes = [cv2.boundingRect(contour) for part in parts for contour in part]
    left = max(min((x for x, _, _, _ in boxes), default=0), 0)
    top = max(min((y for _, y, _, _ in boxes), default=0), 0)
    right = min(max((x + w for x, _, w, _ in boxes), default=0), width)
    bottom = min(max((y + h for _, y, _, h in boxes), default=0), height)
    if left >= right or top >= bottom:
        return CropMask(np.zeros((0, 0), np.uint8), 0, 0, height, width)
    pixels = np.zeros((bottom - top, right - left), np.uint8)
    _fill(pixels, parts, (-left, -top))
    return CropMask(pixels, left, top, height, width)


def _fill(pixels: NDArray[np.uint8], parts: Sequence[Part], offset: tuple[int, int]) -> None:
    for part in parts:
        if len(part) == 1:
            cv2.fillPoly(pixels, part, (1,), offset=offset)
        else:  # the even-odd rule would also cut into the parts drawn before
            layer = np.zeros_like(pixels)
            cv2.fillPoly(layer, part, (1,), offset=offset)
            np.bitwise_or(pixels, layer, out=pixels)
