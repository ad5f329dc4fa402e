"""GrabCut: masks from colours alone, without weights; the default, so that all runs everywhere.

References
----------
.. [1] Rother, Kolmogorov, Blake: "GrabCut", ACM Transactions on Graphics 23(3), 2004.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.images import Pixels
from benchmark_n.masks import CropMask
from benchmark_n.weak.segmenters.base import Box, Prompt, check_argument
from benchmark_n.weak.segmenters.shapes import fill_ellipse

VERSION = 2
_ROUNDS = 5
# Around the box, as a share of its longer side: background to learn colours from.
_MARGIN = 0.4
_LEAST_MARGIN = 12
# Longer crops are worked on at this size, px.
_LONGEST = 256
# A point stands for the connected pixels within so many grey levels of it (each channel).
_TOLERANCE = 24
_LEAST_REGION = 16
# A smaller share of its box is no instance: the colours of fore- and background were too alike.
_LEAST_SHARE = 0.1
Marks = NDArray[np.uint8]


class GrabCut:
    """OpenCV's GrabCut in a crop around the prompt.

    Outside the box is background; inside, everything may be foreground. A sketch is probable
    foreground, the rest of its box probable background. A point alone says nothing of the
    instance's size: it stands for the connected region of similar colour, whose box, twice as
    large, takes the place of the prompt's box.

    Where fore- and background have much the same colours, next to nothing remains. A mask of less
    than a tenth of the prompt's box is therefore replaced by the ellipse in that box; a prompt
    without a box is left with what was found.
    """

    name = "grabcut"
    revision = f"{VERSION} (OpenCV {cv2.__version__})"
    needs = ("box", "point", "mask")
    in_workers = True

    def __init__(self) -> None:
        self._image: Pixels = np.zeros((0, 0, 3), np.uint8)

    def set_image(self, pixels: Pixels) -> None:
        """Take in an image, uint8 RGB."""
        self._image = pixels

    def segment(self, prompts: Sequence[Prompt]) -> tuple[list[CropMask], list[float | None]]:
        """A mask for each prompt; GrabCut has no scores."""
        return [self._cut(prompt) for prompt in prompts], [None] * len(prompts)

    def _cut(self, prompt: Prompt) -> CropMask:
        height, width = self._image.shape[:2]
        region = prompt.mask
        if region is None and prompt.box is None and prompt.point is not None:
            region = similar_region(self._image, prompt.point)
        box = prompt.box or _region_box(region, prompt.mask is None)
        left, top, right, bottom = _around(box, height, width)
        marks = _marks(box, region, prompt.point, (left, top, right, bottom))
        found = CropMask(
            _grab(self._image[top:bottom, left:right], marks), left, top, height, width
        ).tight()
        if prompt.box is not None and found.area < _LEAST_SHARE * prompt.box[2] * prompt.box[3]:
            return fill_ellipse(prompt.box, height, width)
        return found


def make_grabcut(argument: str, device: str) -> GrabCut:
    """Segmenter ``grabcut``.

    Examples
    --------
    >>> image = np.zeros((60, 60, 3), np.uint8)
    >>> image[20:40, 15:45] = 200  # a grey box on black
    >>> segmenter = make_grabcut("", "cpu")
    >>> segmenter.set_image(image)
    >>> masks, _ = segmenter.segment([Prompt(box=(10, 15, 40, 30))])  # drawn too wide
    >>> masks[0].bbox
    (15, 20, 30, 20)
    """
    check_argument("grabcut", argument)
    return GrabCut()


def similar_region(image: Pixels, point: tuple[float, float]) -> CropMask:
    """The connected pixels whose colour is near that of the point, at least a small square."""
    height, width = image.shape[:2]
    x = min(max(round(point[0]), 0), width - 1)
    y = min(max(round(point[1]), 0), height - 1)
    flooded = np.zeros((height + 2, width + 2), np.uint8)
    flags = 4 | (1 << 8) | cv2.FLOODFILL_MASK_ONLY | cv2.FLOODFILL_FIXED_RANGE
    cv2.floodFill(
        cv2.medianBlur(image, 5), flooded, (x, y), 0, (_TOLERANCE,) * 3, (_TOLERANCE,) * 3, flags
    )
    region = flooded[1:-1, 1:-1]
    half = _LEAST_REGION // 2
    region[max(y - half, 0) : y + half, max(x - half, 0) : x + half] = 1
    return CropMask(np.ascontiguousarray(region), 0, 0, height, width).tight()


def _region_box(region: CropMask | None, grown: bool) -> Box:
    """The region's box, twice as large where it is a guess; cut at the image's border."""
    assert region is not None
    x, y, w, h = region.bbox
    if not grown:
        return (x, y, w, h)
    left, top = max(x - w / 2, 0.0), max(y - h / 2, 0.0)
    right, bottom = min(x + 1.5 * w, region.width), min(y + 1.5 * h, region.height)
    return (left, top, right - left, bottom - top)


def _around(box: Box, height: int, width: int) -> tuple[int, int, int, int]:
    """The box with its margin: left, top, right, bottom in whole px, inside the image."""
    x, y, w, h = box
    margin = max(_LEAST_MARGIN, _MARGIN * max(w, h))
    left, top = max(int(x - margin), 0), max(int(y - margin), 0)
    right, bottom = min(round(x + w + margin), width), min(round(y + h + margin), height)
    return left, top, max(right, left + 1), max(bottom, top + 1)


def _marks(
    box: Box,
    region: CropMask | None,
    point: tuple[float, float] | None,
    window: tuple[int, int, int, int],
) -> Marks:
    """GrabCut's labels of the crop's pixels before it starts."""
    left, top, right, bottom = window
    marks = np.full((bottom - top, right - left), cv2.GC_BGD, np.uint8)
    x, y, w, h = box
    rows = slice(max(round(y) - top, 0), max(round(y + h) - top, round(y) - top + 1))
    columns = slice(max(round(x) - left, 0), max(round(x + w) - left, round(x) - left + 1))
    marks[rows, columns] = cv2.GC_PR_FGD if region is None else cv2.GC_PR_BGD
    if region is not None:
        sketched = region.window(left, top, right, bottom).pixels != 0
        marks[sketched & (marks != cv2.GC_BGD)] = cv2.GC_PR_FGD
    if point is not None:
        row = min(max(round(point[1]) - top, 0), bottom - top - 1)
        column = min(max(round(point[0]) - left, 0), right - left - 1)
        marks[row, column] = cv2.GC_FGD
    return marks


def _grab(crop: Pixels, marks: Marks) -> NDArray[np.uint8]:
    """Foreground (1) and background (0) of the crop, in its own size."""
    height, width = marks.shape
    factor = _LONGEST / max(height, width)
    if factor < 1:
        size = (max(round(width * factor), 1), max(round(height * factor), 1))
        crop = np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)
        marks = np.asarray(cv2.resize(marks, size, interpolation=cv2.INTER_NEAREST), np.uint8)
    foreground = (marks == cv2.GC_FGD) | (marks == cv2.GC_PR_FGD)
    if foreground.any() and not foreground.all():
        cv2.setRNGSeed(0)  # its k-means starts from random centres
        models = np.zeros((1, 65)), np.zeros((1, 65))
        cv2.grabCut(
            np.ascontiguousarray(crop), marks, (0, 0, 0, 0), *models, _ROUNDS, cv2.GC_INIT_WITH_MASK
        )
        foreground = (marks == cv2.GC_FGD) | (marks == cv2.GC_PR_FGD)
    found = foreground.astype(np.uint8)
    if factor < 1:
        back = cv2.resize(found, (width, height), interpolation=cv2.INTER_NEAREST)
        found = np.asarray(back, np.uint8)
    return np.asarray(found, np.uint8)
