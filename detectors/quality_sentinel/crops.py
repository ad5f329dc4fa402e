"""Crops of an image, a mask of it and, for training, the true one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from benchmark_n.coco import Image
from benchmark_n.coco.pixels import Pixels, read_rgb
from benchmark_n.errors import InputError
from benchmark_n.files.pictures import read_picture
from benchmark_n.masks import CropMask

CONTEXT = 1.6


def square(box: Sequence[int], context: float) -> tuple[int, int, int]:
    """Column and row of the first pixel, and side (px), of a square around a box.

    Unlike the crops of other evidence it may reach beyond the image, which is black there.
    """
    x, y, width, height = (int(value) for value in box)
    side = max(2, round(context * max(width, height)))
    return x + (width - side) // 2, y + (height - side) // 2, side


def cut_pair(pixels: Pixels, mask: CropMask, size: int) -> Pixels:
    """Image and mask in the square around a mask, uint8 (size, size, 4); 0 outside the image.

    Parameters
    ----------
    pixels
        uint8 (height, width, 3).
    """
    x, y, side = square(mask.bbox, CONTEXT)
    canvas = np.zeros((side, side, 4), np.uint8)
    left, top = max(x, 0), max(y, 0)
    right, bottom = min(x + side, mask.width), min(y + side, mask.height)
    inside = canvas[top - y : bottom - y, left - x : right - x]
    inside[..., :3] = pixels[top:bottom, left:right]
    inside[..., 3] = mask.window(left, top, right, bottom).pixels * 255
    kind = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(canvas, (size, size), interpolation=kind), np.uint8)


def cut_truth(truth: CropMask, given: CropMask, size: int) -> Pixels:
    """A mask in the square around another one, uint8 (size, size), 0 to 255."""
    x, y, side = square(given.bbox, CONTEXT)
    left, top = max(x, 0), max(y, 0)
    right, bottom = min(x + side, truth.width), min(y + side, truth.height)
    canvas = np.zeros((side, side), np.uint8)
    inside = truth.window(left, top, right, bottom).pixels * 255
    canvas[top - y : bottom - y, left - x : right - x] = inside
    kind = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(canvas, (size, size), interpolation=kind), np.uint8)


def read_pixels(path: Path, image: Image, window: tuple[float, float] | None = None) -> Pixels:
    """An image file as uint8 RGB (height, width, 3).

    Parameters
    ----------
    window
        (low, high): stored values, such as Hounsfield units in a signed TIFF, that become 0 and
        255; the paper's is (-200, 200). By default an 8-bit picture is read as it is.

    Raises
    ------
    InputError
        The file is no image, or not of the size that the annotation file gives.
    """
    if window is None:
        return read_rgb(path, image)
    values = read_picture(path, cv2.IMREAD_UNCHANGED)
    if values is None or values.ndim != 2 or values.shape != (image.height, image.width):
        found = "no image" if values is None else "x".join(map(str, values.shape[::-1]))
        raise InputError(
            f"{path}: {found}, expected one channel of {image.width}x{image.height} px to window"
        )
    low, high = window
    scaled = (np.clip(values.astype(np.float32), low, high) - low) * (255 / (high - low))
    return np.repeat(np.rint(scaled).astype(np.uint8)[..., None], 3, axis=2)
