"""Image-classification data: a folder of images for each class, or arrays in an ``.npz`` file.

Each image becomes one annotation whose mask is the whole image. The images are copied under names
that do not tell their class, in an order that does not either.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import cv2
import numpy as np

from benchmark_n.datasets.base import Dataset
from benchmark_n.datasets.converter import (
    Converter,
    Frame,
    Instance,
    Unit,
    encode_instances,
    name_id,
)
from benchmark_n.datasets.imagefolder.arrays import (
    array_labels,
    is_arrays,
    read_image,
    split_arrays,
)
from benchmark_n.datasets.labelmaps.cached import open_converted
from benchmark_n.errors import InputError
from benchmark_n.files.pictures import decode_picture
from benchmark_n.masks import Rle
from benchmark_n.runtime.commands import Placeholder, command_line

SPLITS = ("all", "train", "val", "test")
_ID_BITS = 40


def locate(root: Path, split: str) -> Path:
    """The file of arrays, or the folder that holds a split's class folders.

    Raises
    ------
    InputError
        There is neither.
    """
    if is_arrays(root):
        split_arrays(root, split)
        return root
    folder = root if split == "all" else root / split
    if not folder.is_dir():
        raise InputError(
            f"{folder}: no such folder, expected one folder of images a class, or an .npz file "
            "with the arrays 'images' and 'labels' (`root`)"
        )
    return folder


def class_names(folder: Path) -> list[str]:
    """Names of the class folders, sorted.

    Raises
    ------
    InputError
        Fewer than two, or one without files.
    """
    folders = sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    if len(folders) < 2:
        raise InputError(f"{folder}: {len(folders)} class folders, expected two or more")
    for one in folders:
        if not _files(one):
            raise InputError(f"{one}: an empty class folder, expected images in it")
    return [one.name for one in folders]


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def list_categories(root: Path, split: str) -> list[dict[str, object]]:
    """COCO category records: class folders by name, or label values by number; ids from 1."""
    place = locate(root, split)
    if is_arrays(place):
        names = [str(value) for value in np.unique(array_labels(place, split)).tolist()]
    else:
        names = class_names(place)
    return [{"id": number, "name": name} for number, name in enumerate(names, 1)]


def list_units(root: Path, split: str) -> list[Unit]:
    """The images of a split, in the order of their ids."""
    place = locate(root, split)
    if is_arrays(place):
        count = len(array_labels(place, split))
        units = [Unit(f"{split}/{number}", place, (place,)) for number in range(count)]
    else:
        units = [
            Unit(f"{name}/{path.name}", place, (path,))
            for name in class_names(place)
            for path in _files(place / name)
        ]
    return sorted(units, key=lambda unit: name_id(unit.name, _ID_BITS))


def read_unit(unit: Unit) -> list[Frame]:
    """An image with its annotation."""
    group, _, name = unit.name.partition("/")
    if is_arrays(unit.root):
        labels = array_labels(unit.root, group)
        category = int(np.searchsorted(np.unique(labels), labels[int(name)]))
        pixels = read_image(unit.root, group, int(name))
        picture = cv2.imencode(".png", pixels)[1].tobytes()
        suffix = ".png"
    else:
        category = class_names(unit.root).index(group)
        picture, suffix = _bytes(unit.files[0]), unit.files[0].suffix.lower()
        decoded = decode_picture(picture, unit.files[0])
        if decoded is None:
            raise InputError(f"{unit.files[0]}: cannot be read as an image")
        pixels = np.asarray(decoded, np.uint8)
    height, width = pixels.shape[:2]
    identity = name_id(unit.name, _ID_BITS)
    record = {
        "id": identity,
        "file_name": f"{identity:013d}{suffix}",
        "height": height,
        "width": width,
    }
    instance = Instance(0, category + 1, whole_image(height, width))
    return [Frame(record, encode_instances(identity, 1, [instance]), picture)]


def _bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read as an image ({error.strerror})") from None
    if not data:
        raise InputError(f"{path}: an empty file, expected an image")
    return data


def whole_image(height: int, width: int) -> Rle:
    """The mask of all pixels."""
    from pycocotools import mask

    rle = mask.encode(np.ones((height, width), np.uint8, order="F"))
    return {"size": [height, width], "counts": rle["counts"]}


CONVERTER = Converter(
    "imagefolder",
    1,
    [],
    list_units,
    read_unit,
    pictures=True,
    list_categories=list_categories,
    named_files=True,
)
IMAGEFOLDER = Dataset(
    "imagefolder",
    "ImageFolder-N",
    SPLITS,
    partial(open_converted, CONVERTER),
    locate,
    converter=CONVERTER,
    size="any folder of class folders, or an .npz file with images and labels",
    licence="your data's own",
    redistribution="as your data's licence says",
    steps=(
        command_line(
            "make", dataset="imagefolder", root=Placeholder("FOLDER|FILE.npz"), recipe="sym-5"
        ),
    ),
)
