"""The pixels of an image as figures show them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import Image
from benchmark_n.coco.images import image_path
from benchmark_n.files.pictures import read_picture

MOST_SIDE = 1024  # px


def read_pixels(root: Path | None, image: Image) -> NDArray[np.uint8]:
    """The image in RGB, uint8 (height, width, 3); plain grey where its file is not at hand."""
    path = image_path(root, image) if root is not None and image.file_name else None
    pixels = read_picture(path) if path is not None and path.is_file() else None
    if pixels is None:
        return np.full((image.height, image.width, 3), 200, np.uint8)
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)


def shrunk(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An image of more than `MOST_SIDE` px a side made smaller: matplotlib takes much for each."""
    factor = MOST_SIDE / max(pixels.shape[:2])
    if factor >= 1:
        return pixels
    size = [max(1, round(side * factor)) for side in pixels.shape[1::-1]]
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
