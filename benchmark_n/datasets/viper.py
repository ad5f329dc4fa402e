"""VIPER as COCO records (Richter, Hayder, Koltun: Playing for Benchmarks, ICCV 2017).

An instance map is an RGB PNG: R is the class id, 256 G + B the instance id. Pixels of an instance
class with instance id 0 belong to no instance: they become a crowd.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.datasets import terms
from benchmark_n.datasets.base import Dataset
from benchmark_n.datasets.converter import Converter, Frame, Instance, Unit, encode_instances
from benchmark_n.datasets.find import find_folder
from benchmark_n.datasets.labelmaps.cached import open_converted
from benchmark_n.datasets.labelmaps.images import pictures_folder, read_label_map, size_of
from benchmark_n.datasets.labelmaps.runs import label_runs
from benchmark_n.errors import InputError
from benchmark_n.runtime.commands import command_line

SPLITS = ("train", "val")
# The ids with instance_eval 1 in the dataset's classes.csv; the supercategories are ours.
CLASSES = {
    13: ("trafficlight", "street object"),
    16: ("firehydrant", "street object"),
    17: ("chair", "street object"),
    19: ("trashcan", "street object"),
    20: ("person", "human"),
    23: ("motorcycle", "vehicle"),
    24: ("car", "vehicle"),
    25: ("van", "vehicle"),
    26: ("bus", "vehicle"),
    27: ("truck", "vehicle"),
}
NUM_CLASSES = 32
CATEGORIES = [
    {"id": identity, "name": name, "supercategory": group}
    for identity, (name, group) in CLASSES.items()
]
_NAME = re.compile(r"(\d{3})_(\d{5})")
_FRAMES = 100_000
# 27 bits of sequence and frame, 24 of class and instance: annotation ids stay below 2^51.
_KEYS = 1 << 24


def locate(root: Path, split: str) -> Path:
    """The folder of a split's instance maps."""
    return find_folder(root, [f"{split}/inst"], "viper", "the archives of 'inst' unpacked")


def list_units(root: Path, split: str) -> list[Unit]:
    """All labelled frames of a split; every image is labelled in part of the archives only.

    The labels may stand alone: without the folder of images sizes are those of the labels.
    """
    labels = sorted(locate(root, split).glob("*/*.png"))
    images = pictures_folder(root / split / "img")
    if not labels:
        raise InputError(f"viper: no SEQ/SEQ_FRAME.png under {root / split / 'inst'}")
    found = ((_image(images / path.parent.name, path.stem), path) for path in labels)
    return [Unit(path.stem, root, (image, path), headers=(image,)) for image, path in found]


def _image(folder: Path, name: str) -> Path:
    png = folder / f"{name}.png"
    return png if png.is_file() else folder / f"{name}.jpg"


def frame_id(name: str) -> int:
    """``SEQ_FRAME`` as a number: 002_00003 is 200003."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise InputError(f"{name}.png: not a VIPER frame, expected a name such as 002_00003.png")
    return int(match[1]) * _FRAMES + int(match[2])


def pack_channels(pixels: NDArray[Any]) -> NDArray[np.uint32]:
    """RGB of shape (height, width, 3) as one number a pixel, ``R * 65536 + G * 256 + B``."""
    packed = pixels[..., 0].astype(np.uint32)
    for channel in (1, 2):
        packed <<= np.uint32(8)
        packed |= pixels[..., channel]
    return packed


def read_unit(unit: Unit) -> list[Frame]:
    """The records of one frame."""
    image, path = unit.files
    image_id = frame_id(unit.name)
    pixels = read_label_map(path, 3)
    size = size_of(image, pixels.shape, path, image.parent.parent)
    runs = label_runs(pack_channels(pixels))
    classes, numbers = runs.values >> 16, runs.values & 0xFFFF
    if (classes >= NUM_CLASSES).any():
        raise InputError(
            f"{path.name}: class id {classes.max()} in the red channel, "
            f"expected 0 to {NUM_CLASSES - 1} of classes.csv"
        )
    instances = [
        Instance(int(runs.values[i]), int(classes[i]), runs.rle(i), bool(numbers[i] == 0))
        for i in np.flatnonzero(np.isin(classes, list(CLASSES))).tolist()
    ]
    record = {
        "id": image_id,
        "file_name": image.relative_to(unit.root).as_posix(),
        "height": size[0],
        "width": size[1],
        "sequence": path.parent.name,
    }
    return [Frame(record, encode_instances(image_id, _KEYS, instances))]


CONVERTER = Converter("viper", 1, CATEGORIES, list_units, read_unit)
VIPER = Dataset(
    "viper",
    "VIPER-N",
    SPLITS,
    partial(open_converted, CONVERTER),
    locate,
    converter=CONVERTER,
    size="train 134,097 frames, val 49,815 (1920x1080)",
    licence="VIPER terms of use: research; the images are of a commercial game",
    redistribution="no: images and derived labels stay with the user",
    terms=terms.VIPER,
    homepage="playing-for-benchmarks.org",
    steps=(
        "agree to the terms at playing-for-benchmarks.org",
        "download the archives of img (jpg or png) and inst for train and val",
        "unpack them in one folder, so that it holds train/img, train/inst, val/img, val/inst",
        command_line("make", dataset="viper", root="FOLDER", tier="hard", stride=10),
    ),
)
