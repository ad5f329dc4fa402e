"""A binary mask as (crop, offset, image size)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class CropMask:
    """A mask inside an image of `height` x `width` px, kept as the crop that holds all its pixels.

    Parameters
    ----------
    pixels
        uint8 array of shape (h, w), values 0 and 1, C order. Everything outside it is 0.
    x, y
        Column and row of the crop's first pixel; the crop lies inside the image.
    height, width
        Size of the image, px.
    """

    pixels: Pixels
    x: int
    y: int
    height: int
    width: int

    @classmethod
    def from_full(cls, mask: NDArray[Any]) -> CropMask:
        """From an array of shape (height, width); nonzero counts as 1."""
        pixels = np.ascontiguousarray(mask != 0).view(np.uint8)
        return cls(pixels, 0, 0, *pixels.shape).tight()

    def full(self) -> Pixels:
        """The mask on its image's whole canvas, uint8 (height, width)."""
        canvas = np.zeros((self.height, self.width), np.uint8)
        h, w = self.pixels.shape
        canvas[self.y : self.y + h, self.x : self.x + w] = self.pixels
        return canvas

    @property
    def area(self) -> int:
        """Number of pixels."""
        return cv2.countNonZero(self.pixels) if self.pixels.size else 0

    @property
    def bbox(self) -> tuple[int, int, int, int]:
        """Smallest box (x, y, width, height) that holds all pixels, px; zeros when empty."""
        x, y, w, h = cv2.boundingRect(self.pixels) if self.pixels.size else (0, 0, 0, 0)
        return (self.x + x, self.y + y, w, h) if w else (0, 0, 0, 0)

    def tight(self) -> CropMask:
        """The same mask in the smallest crop."""
        x, y, w, h = self.bbox
        if (h, w) == self.pixels.shape:
            return self
        return self.window(x, y, x + w, y + h)

    def window(self, left: int, top: int, right: int, bottom: int) -> CropMask:
        """The mask in the crop of columns [left, right) and rows [top, bottom).

        The window lies in the image; pixels outside it are lost, space beyond the old crop is 0.
        """
        h, w = self.pixels.shape
        rows = slice(max(top - self.y, 0), min(bottom - self.y, h))
        columns = slice(max(left - self.x, 0), min(right - self.x, w))
        if top >= self.y and left >= self.x and bottom <= self.y + h and right <= self.x + w:
            pixels = np.ascontiguousarray(self.pixels[rows, columns])
        else:
            pixels = np.zeros((bottom - top, right - left), np.uint8)
            if rows.start < rows.stop and columns.start < columns.stop:
                row, column = self.y + rows.start - top, self.x + columns.start - left
                pixels[
                    row : row + rows.stop - rows.start,
                    column : column + columns.stop - columns.start,
                ] = self.pixels[rows, columns]
        return CropMask(pixels, left, top, self.height, self.width)

    def grown(self, margin: int) -> CropMask:
        """The same mask in a crop larger by `margin` px on each side, as far as the image goes."""
        h, w = self.pixels.shape
        return self.window(
            max(self.x - margin, 0),
            max(self.y - margin, 0),
            min(self.x + w + margin, self.width),
            min(self.y + h + margin, self.height),
        )


def intersection_area(a: CropMask, b: CropMask) -> int:
    """Number of pixels in both masks."""
    left, top = max(a.x, b.x), max(a.y, b.y)
    right = min(a.x + a.pixels.shape[1], b.x + b.pixels.shape[1])
    bottom = min(a.y + a.pixels.shape[0], b.y + b.pixels.shape[0])
    if left >= right or top >= bottom:
        return 0
    return cv2.countNonZero(
        cv2.bitwise_and(
            a.pixels[top - a.y : bottom - a.y, left - a.x : right - a.x],
            b.pixels[top - b.y : bottom - b.y, left - b.x : right - b.x],
        )
    )


def mask_iou(a: CropMask, b: CropMask) -> float:
    """Intersection over union; 1 when both masks are empty."""
    shared = intersection_area(a, b)
    union = a.area + b.area - shared
    return shared / union if union else 1.0
