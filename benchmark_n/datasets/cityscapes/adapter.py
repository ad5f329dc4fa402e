"""Cityscapes' fine annotations as COCO records (Cordts et al., CVPR 2016).

The eight classes that its evaluation scores as instances; caravan and trailer, which it ignores,
stay out. A region of an instance class without instances (a group) becomes a crowd.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from benchmark_n.datasets import terms
from benchmark_n.datasets.base import Dataset
from benchmark_n.datasets.cityscapes.labels import LABELS, PER_CLASS, check_ids, paint_polygons
from benchmark_n.datasets.converter import (
    Converter,
    Frame,
    Instance,
    Unit,
    encode_instances,
    name_id,
)
from benchmark_n.datasets.find import find_folder
from benchmark_n.datasets.labelmaps.cached import open_converted
from benchmark_n.datasets.labelmaps.images import pictures_folder, read_label_map, size_of
from benchmark_n.datasets.labelmaps.runs import label_runs
from benchmark_n.errors import InputError
from benchmark_n.runtime.commands import command_line

SPLITS = ("train", "val")
_IMAGE = "_leftImg8bit.png"
_MAP = "_gtFine_instanceIds.png"
_POLYGONS = "_gtFine_polygons.json"
_CLASSES = {
    "human": ("person", "rider"),
    "vehicle": ("car", "truck", "bus", "train", "motorcycle", "bicycle"),
}
CATEGORIES = [
    {"id": LABELS[name], "name": name, "supercategory": group}
    for group, names in _CLASSES.items()
    for name in names
]
_SCORED = np.array([category["id"] for category in CATEGORIES])
# 37 bits of the frame's name and 16 of the pixel value: annotation ids stay below 2^53.
_NAME_BITS = 37
_KEYS = 1 << 16


def locate(root: Path, split: str) -> Path:
    """The folder of a split's labels."""
    return find_folder(root, [f"gtFine/{split}"], "cityscapes", "gtFine_trainvaltest.zip unpacked")


def list_units(root: Path, split: str) -> list[Unit]:
    """All frames of a split: those that have an image and those that have labels.

    The labels may stand alone: without the folder of images sizes are those of the labels.
    """
    labels = locate(root, split)
    images = pictures_folder(root / "leftImg8bit" / split)
    names = {(p.parent.name, p.name.removesuffix(_MAP)) for p in labels.glob(f"*/*{_MAP}")}
    names |= {
        (p.parent.name, p.name.removesuffix(_POLYGONS)) for p in labels.glob(f"*/*{_POLYGONS}")
    }
    if not names:
        raise InputError(f"cityscapes: no *{_MAP} and no *{_POLYGONS} under {labels}")
    names |= {(p.parent.name, p.name.removesuffix(_IMAGE)) for p in images.glob(f"*/*{_IMAGE}")}
    return [
        _unit(name, root, images / city / f"{name}{_IMAGE}", _labels(labels / city, name))
        for city, name in sorted(names)
    ]


def _unit(name: str, root: Path, image: Path, labels: Path) -> Unit:
    return Unit(name, root, (image, labels), headers=(image,))


def _labels(folder: Path, name: str) -> Path:
    polygons = folder / f"{name}{_POLYGONS}"
    path = folder / f"{name}{_MAP}"
    return polygons if polygons.is_file() and not path.is_file() else path


def read_unit(unit: Unit) -> list[Frame]:
    """The records of one frame."""
    image, path = unit.files
    painted = path.name.endswith(_POLYGONS)
    labels = paint_polygons(path) if painted else read_label_map(path, 1)
    size = size_of(image, labels.shape, path, image.parent.parent)
    runs = label_runs(labels)
    check_ids(runs.values, path)
    groups = runs.values < PER_CLASS
    classes = np.where(groups, runs.values, runs.values // PER_CLASS)
    instances = [
        Instance(int(runs.values[i]), int(classes[i]), runs.rle(i), bool(groups[i]))
        for i in np.flatnonzero(np.isin(classes, _SCORED)).tolist()
    ]
    image_id = name_id(unit.name, _NAME_BITS)
    record = {
        "id": image_id,
        "file_name": image.relative_to(unit.root).as_posix(),
        "height": size[0],
        "width": size[1],
        "city": image.parent.name,
        "sequence": unit.name.rpartition("_")[0],
    }
    return [Frame(record, encode_instances(image_id, _KEYS, instances))]


CONVERTER = Converter("cityscapes", 1, CATEGORIES, list_units, read_unit, dilation_ratio=0.005)
CITYSCAPES = Dataset(
    "cityscapes",
    "CityScapes-N",
    SPLITS,
    partial(open_converted, CONVERTER),
    locate,
    converter=CONVERTER,
    size="train 2,975 images, val 500; about 52,000 and 10,000 instances",
    licence="Cityscapes terms of use: registration, non-commercial research",
    redistribution="no: images and derived labels stay with the user",
    terms=terms.CITYSCAPES,
    homepage="www.cityscapes-dataset.com",
    steps=(
        "register at www.cityscapes-dataset.com with an academic or company address",
        "download gtFine_trainvaltest.zip (241 MB) and leftImg8bit_trainvaltest.zip (11 GB)",
        "unpack both in one folder, so that it holds gtFine/ and leftImg8bit/",
        command_line("make", dataset="cityscapes", root="FOLDER", tier="hard"),
    ),
)
