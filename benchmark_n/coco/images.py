"""The image files of a COCO file: where they are, and their pixels."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path, PureWindowsPath
from urllib.parse import unquote

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.file import CocoFile, Image
from benchmark_n.errors import InputError
from benchmark_n.files.pictures import TURNED, exif_orientation, read_picture
from benchmark_n.masks.segmentation import CUT

Pixels = NDArray[np.uint8]
_log = logging.getLogger(__name__)
_MOST_LOOKED_AT = 100
_LONGEST_NAME = 255  # bytes, on the file systems in use


def named_folder(images: Path | str | None) -> Path | None:
    """The folder that a user names for the images.

    Raises
    ------
    InputError
        There is none.

    Examples
    --------
    >>> named_folder("photo")
    Traceback (most recent call last):
    benchmark_n.errors.InputError: photo: no such folder, expected the one of the images
    """
    if images is not None and not Path(images).is_dir():
        raise InputError(f"{images}: no such folder, expected the one of the images")
    return None if images is None else Path(images)


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
    _check_distinct(paths)
    missing = [path for path in paths.values() if not path.is_file()]
    if missing:
        raise InputError(
            f"{len(missing)} of {len(paths)} images are missing, the first is {missing[0]}: "
            f"name their folder with `{parameter}=DIR`"
        )
    elsewhere = sum(local_name(str(image.file_name)) != image.file_name for image in wanted)
    if elsewhere:
        _tell_once(root, elsewhere, len(wanted))
    return paths


def _check_distinct(paths: Mapping[int, Path]) -> None:
    """Refuse two images of which one would be read for the other."""
    owners: dict[Path, int] = {}
    for identity, path in paths.items():
        if path in owners:
            raise InputError(
                f"images {owners[path]} and {identity} are both {path.name} in {path.parent}: "
                "expected file names that differ"
            )
        owners[path] = identity


@cache
def _tell_once(root: Path, count: int, total: int) -> None:
    _log.warning(
        "%d of %d file names are paths of another place: their base names are looked for in %s",
        count,
        total,
        root,
    )


def local_name(file_name: str) -> str:
    """A file name as it is looked for in the folder of images.

    Absolute paths, Windows paths and Label Studio's addresses of local files are of the machine
    that the annotations were made on: their base name is taken.

    Examples
    --------
    >>> local_name("train/a.jpg"), local_name("C:\\\\photos\\\\a.jpg")
    ('train/a.jpg', 'a.jpg')
    >>> local_name("/data/local-files/?d=photos%2Fa%20b.jpg")
    'a b.jpg'
    """
    _, local, path = file_name.partition("/data/local-files/?d=")
    if local:
        file_name = unquote(path)
    elif not (file_name.startswith("/") or "\\" in file_name):
        return file_name
    return PureWindowsPath(file_name).name or file_name


def image_path(root: Path, image: Image) -> Path:
    """Where the image lies, in the folder `root`, by its `local_name`.

    Raises
    ------
    InputError
        Its name is no file's name, or leads out of the folder.
    """
    name = Path(local_name(str(image.file_name)))
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
        fault = (
            f"{path.name}: {width}x{height} px, but its record says {image.width}x{image.height}"
        )
        raise InputError(f"{fault}{_turned(path, image, (height, width))}")
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)


def _turned(path: Path, image: Image, shape: tuple[int, int]) -> str:
    """A clause that says why height and width are swapped, where they are."""
    if shape != (image.width, image.height):
        return ""
    orientation = exif_orientation(path)
    if orientation not in TURNED:
        return ": width and height are swapped"
    return (
        f": its EXIF orientation {orientation} turns it, and the record has the size before that: "
        "give the record the size, and the annotations the coordinates, of the turned picture"
    )


def warn_of_turned(coco: CocoFile, root: Path | None) -> None:
    """Say where masks are cut since their pictures are turned, as far as the pictures are there."""
    cut = coco.repairs.ids.get(CUT)
    if not cut or root is None:
        return
    ids = coco.image_ids[np.isin(coco.annotation_ids, np.array(list(cut), np.int64))]
    images = [coco.images[i] for i in dict.fromkeys(ids.tolist())][:_MOST_LOOKED_AT]
    named = [image for image in images if image.file_name]
    turned = [i.id for i in named if exif_orientation(image_path(root, i)) in TURNED]
    if turned:
        _log.warning(
            "%s: the EXIF orientation turns the pictures of %d of %d images whose masks are cut "
            "(first: image %d): their records seem to have the size before that",
            coco.path.name,
            len(turned),
            len(images),
            turned[0],
        )
