"""The image files of a COCO file: where they are, and their pixels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.file import Image
from benchmark_n.errors import InputError

Pixels = NDArray[np.uint8]


def image_files(
    root: Path | None, images: Mapping[int, Image], ids: NDArray[np.int64]
) -> dict[int, Path]:
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
