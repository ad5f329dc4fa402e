"""The image files of a COCO file: where they are, and their pixels."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.file import Image
from benchmark_n.errors import InputError
from benchmark_n.files.pictures import read_picture

Pixels = NDArray[np.uint8]
_LONGEST_NAME = 255  # bytes, on the file systems in use


def image_files(
    root: Path | None,
    images: Mapping[int, Image],
    ids: NDArray[np.int64],
    parameter: str = "images",
) -> dict[int, Path]:
    """Image id to file, for the images in `ids`.

    Parameters
    ----------
    parameter
        What the user names the folder by.

    Raises
    ------
    InputError
        No folder, or images that are not there: how many, and the first one's name.
    """
    wanted = [images[i] for i in dict.fromkeys(ids.tolist())]
    if root is None:
        raise InputError(f"the images' folder is not known: name it with `{parameter}=DIR`")
    nameless = next((image.id for image in wanted if not image.file_name), None)
    if nameless is not None:
        raise InputError(f"image {nameless} has no file_name in the annotation file")
    paths = {image.id: image_path(root, image) for image in wanted}
    missing = [path for path in paths.values() if not path.is_file()]
    if missing:
        raise InputError(
            f"{len(missing)} of {len(paths)} images are missing, the first is {missing[0]}: "
            f"name their folder with `{parameter}=DIR`"
        )
    return paths


def image_path(root: Path, image: Image) -> Path:
    """Where the image lies, in the folder `root`.

    Raises
    ------
    InputError
        Its name is no file's name, or leads out of the folder.
    """
    name = Path(str(image.file_name))
    if name.is_absolute() or ".." in name.parts or "\0" in str(name):
        raise InputError(
            f"image {image.id}: file_name '{name!s:.80}' leads out of the images' folder, "
            "expected a path inside it"
        )
    if any(len(os.fsencode(part)) > _LONGEST_NAME for part in name.parts):
        raise InputError(f"image {image.id}: file_name '{name!s:.80}…' is no file's name")
    return root / name


def read_rgb(path: Path, image: Image) -> Pixels:
    """An image file as uint8 RGB (height, width, 3).

    Raises
    ------
    InputError
        The file is no image, not of the size that the annotation file gives, or too large.
    """
    pixels = read_picture(path)
    if pixels is None:
        raise InputError(f"{path}: cannot be read as an image")
    if pixels.shape[:2] != (image.height, image.width):
        height, width = pixels.shape[:2]
        raise InputError(
            f"{path.name}: {width}x{height} px, but its record says {image.width}x{image.height}"
        )
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)
