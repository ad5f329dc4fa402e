"""Square crops of instances, cut from image files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import Image
from benchmark_n.detectors.evidence.evidence import Ints
from benchmark_n.errors import InputError
from benchmark_n.masks import CropMask

Pixels = NDArray[np.uint8]
CONTEXT = 1.3


def image_files(root: Path | None, images: Mapping[int, Image], ids: Ints) -> dict[int, Path]:
    """Image id to file, for the images in `ids`.

    Raises
    ------
    InputError
        No folder, or images that are not there: how many, and the first one's name.
    """
    wanted = [images[i] for i in dict.fromkeys(ids.tolist())]
    if root is None:
        raise InputError("the images' folder is not known: name it with --images DIR")
    nameless = next((image.id for image in wanted if not image.file_name), None)
    if nameless is not None:
        raise InputError(f"image {nameless} has no file_name in the annotation file")
    paths = {image.id: root / str(image.file_name) for image in wanted}
    missing = [path for path in paths.values() if not path.is_file()]
    if missing:
        raise InputError(
            f"{len(missing)} of {len(paths)} images are missing, the first is {missing[0]}: "
            "name their folder with --images DIR"
        )
    return paths


def files_digest(paths: Iterable[Path]) -> str:
    """SHA-256 over the content of files, in the given order."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def read_rgb(path: Path, image: Image) -> Pixels:
    """An image file as uint8 RGB (height, width, 3).

    Raises
    ------
    InputError
        The file is no image, or not of the size that the annotation file gives.
    """
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise InputError(f"{path}: cannot be read as an image")
    if pixels.shape[:2] != (image.height, image.width):
        height, width = pixels.shape[:2]
        raise InputError(
            f"{path.name}: {width}x{height} px, but its record says {image.width}x{image.height}"
        )
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)


def square(box: NDArray[np.int64], shape: tuple[int, int]) -> tuple[int, int, int]:
    """Column and row of the first pixel, and side (px), of the square around a box.

    A box that is its whole image, of `shape` (height, width), has no surroundings to show.
    """
    x, y, width, height = (int(value) for value in box)
    context = 1.0 if (height, width) == shape else CONTEXT
    side = max(2, round(context * max(width, height)))
    return x + (width - side) // 2, y + (height - side) // 2, side


def crop(pixels: Pixels, box: NDArray[np.int64], size: int) -> Pixels:
    """The square around `box`, mirrored at the image's border, uint8 (size, size, channels)."""
    height, width = pixels.shape[:2]
    x, y, side = square(box, (height, width))
    cut = pixels[np.ix_(_mirrored(y, side, height), _mirrored(x, side, width))]
    kind = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(cut, (size, size), interpolation=kind), np.uint8)


def _mirrored(start: int, count: int, size: int) -> NDArray[np.int64]:
    """Indices of `count` pixels from `start`, folded back into an axis of `size` pixels."""
    index = np.arange(start, start + count) % (2 * size)
    return np.minimum(index, 2 * size - 1 - index)


def mask_crop(mask: CropMask, box: NDArray[np.int64], size: int) -> Pixels:
    """The mask in the square around `box`, uint8 (size, size), 0 to 255; 0 outside the image."""
    x, y, side = square(box, (mask.height, mask.width))
    tight = mask.tight()
    height, width = tight.pixels.shape
    canvas = np.zeros((side, side), np.uint8)
    canvas[tight.y - y : tight.y - y + height, tight.x - x : tight.x - x + width] = tight.pixels
    kind = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(canvas * 255, (size, size), interpolation=kind), np.uint8)
