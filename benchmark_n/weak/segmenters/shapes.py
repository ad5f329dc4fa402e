"""The floor that any model must beat: the box filled, and the ellipse in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.images import Pixels
from benchmark_n.masks import CropMask
from benchmark_n.weak.segmenters.base import Box, Prompt, check_argument

VERSION = "1"
Fill = Callable[[Box, int, int], CropMask]


class BoxShape:
    """A segmenter that looks at the prompt's box alone."""

    revision = VERSION
    needs = ("box",)
    in_workers = True

    def __init__(self, name: str, fill: Fill) -> None:
        self.name, self._fill = name, fill
        self._size = (0, 0)

    def set_image(self, pixels: Pixels) -> None:
        """Remember the image's size."""
        self._size = (pixels.shape[0], pixels.shape[1])

    def segment(self, prompts: Sequence[Prompt]) -> tuple[list[CropMask], list[float | None]]:
        """The shape in each box; no scores."""
        boxes = [prompt.box for prompt in prompts if prompt.box is not None]
        return [self._fill(box, *self._size) for box in boxes], [None] * len(boxes)


def make_box_fill(argument: str, device: str) -> BoxShape:
    """Segmenter ``box-fill``: all pixels of the box.

    Examples
    --------
    >>> from benchmark_n.weak.segmenters.base import load_segmenter
    >>> segmenter = load_segmenter("box-fill")
    >>> segmenter.set_image(np.zeros((5, 6, 3), np.uint8))
    >>> masks, scores = segmenter.segment([Prompt(box=(2, 1, 3, 2))])
    >>> masks[0].bbox, masks[0].area, scores
    ((2, 1, 3, 2), 6, [None])
    """
    check_argument("box-fill", argument)
    return BoxShape("box-fill", fill_box)


def make_ellipse(argument: str, device: str) -> BoxShape:
    """Segmenter ``ellipse``: the ellipse that touches the box's sides.

    Examples
    --------
    >>> segmenter = make_ellipse("", "cpu")
    >>> segmenter.set_image(np.zeros((4, 6, 3), np.uint8))
    >>> masks, _ = segmenter.segment([Prompt(box=(0, 0, 6, 4))])
    >>> for row in masks[0].full():
    ...     print(*row)
    0 1 1 1 1 0
    1 1 1 1 1 1
    1 1 1 1 1 1
    0 1 1 1 1 0
    """
    check_argument("ellipse", argument)
    return BoxShape("ellipse", fill_ellipse)


def fill_box(box: Box, height: int, width: int) -> CropMask:
    """Pixels whose centre is in the box, cut at the image's border."""
    return _filled(box, height, width, lambda x, y: np.maximum(abs(x), abs(y)) <= 1)


def fill_ellipse(box: Box, height: int, width: int) -> CropMask:
    """Pixels whose centre is in the ellipse inscribed in the box, cut at the image's border."""
    return _filled(box, height, width, lambda x, y: x**2 + y**2 <= 1)


def _filled(
    box: Box,
    height: int,
    width: int,
    inside: Callable[[NDArray[Any], NDArray[Any]], NDArray[np.bool_]],
) -> CropMask:
    """Pixels that are `inside`, a condition on coordinates from -1 to 1 across the box."""
    x, y, w, h = box
    left, top = max(int(x), 0), max(int(y), 0)
    right, bottom = min(int(np.ceil(x + w)), width), min(int(np.ceil(y + h)), height)
    columns = (np.arange(left, right) + 0.5 - x - w / 2) / (w / 2)
    rows = (np.arange(top, bottom) + 0.5 - y - h / 2) / (h / 2)
    pixels = inside(columns[None, :], rows[:, None])
    return CropMask(pixels.astype(np.uint8), left, top, height, width).tight()
