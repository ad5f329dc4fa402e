"""Image files: their sizes, and label maps in PNG, with every fault as one line."""

from __future__ import annotations

import logging
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmark_n.coco.read import MAX_PIXELS
from benchmark_n.errors import InputError
from benchmark_n.files.pictures import PICTURE_FAULTS, map_file, picture_size

_log = logging.getLogger(__name__)


def image_size(path: Path) -> tuple[int, int]:
    """(height, width) px of an image file; only its header is read."""
    try:
        return picture_size(map_file(path), path)
    except PICTURE_FAULTS as error:
        raise _fault(path, error, "an image") from None


@cache
def pictures_folder(folder: Path) -> Path:
    """The folder of a split's images; where it is not there, a warning, once."""
    if not folder.is_dir():
        _log.warning("no pictures: no folder %s: sizes are those of the labels", folder)
    return folder


def size_of(image: Path, labels: tuple[int, ...], path: Path, pictures: Path) -> tuple[int, int]:
    """(height, width) px of a frame: its image's, else its label map's where there are no pictures.

    Parameters
    ----------
    labels, path
        Shape and file of the label map.
    pictures
        The folder of all images of the split. Where it is there, each frame has to have its own.

    Raises
    ------
    InputError
        An image that is missing or cannot be read, or of another size.
    """
    if not pictures.is_dir():
        return labels[0], labels[1]
    size = image_size(image)
    check_same_size(path, labels, size, image)
    return size


def read_label_map(path: Path, channels: int) -> NDArray[Any]:
    """A PNG's pixels: (height, width) for one channel (8 or 16 bits), (height, width, 3) for RGB.

    Raises
    ------
    InputError
        The file is missing, truncated, no image, or has other channels.
    """
    try:
        data = map_file(path)
        height, width = picture_size(data, path)
        if width * height > MAX_PIXELS:
            raise ValueError(f"{width}x{height} px, at most {MAX_PIXELS} pixels")
        data.seek(0)
        with Image.open(data) as image:  # type: ignore[arg-type]
            mode = image.mode
            pixels = np.asarray(image)
    except PICTURE_FAULTS as error:
        raise _fault(path, error, "a label map in PNG") from None
    expected = ("RGB",) if channels == 3 else ("L", "P", "I", "I;16", "I;16B")
    if mode not in expected:
        raise InputError(
            f"{path.name}: a PNG of mode {mode}, expected a label map with {channels} channel"
            f"{'s' if channels > 1 else ' of 8 or 16 bits'}"
        )
    return pixels


def check_same_size(path: Path, shape: tuple[int, ...], size: tuple[int, int], image: Path) -> None:
    """Raise an `InputError` unless a label map has the size (height, width) of its image."""
    if tuple(shape[:2]) != size:
        raise InputError(
            f"{path.name}: label map of {shape[1]}x{shape[0]} px, "
            f"expected {size[1]}x{size[0]} px as {image.name} has"
        )


def _fault(path: Path, error: Exception, expected: str) -> InputError:
    if isinstance(error, FileNotFoundError):
        return InputError(f"{path.name}: missing in {path.parent}, expected {expected}")
    text = " ".join(str(error).split())
    return InputError(f"{path.name}: cannot be read ({text:.100}), expected {expected}")
