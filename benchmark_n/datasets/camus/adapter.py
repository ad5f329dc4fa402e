"""CAMUS as COCO records (Leclerc et al., IEEE TMI 38(9), 2019).

Three instances a frame at most: left ventricle, myocardium, left atrium. Each is a supercategory
of its own: the tiers exchange labels, so that no frame has a second ventricle. A patient is taken
whole or not at all.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.datasets import terms
from benchmark_n.datasets.base import Dataset
from benchmark_n.datasets.camus.files import (
    INSTANTS,
    LISTS,
    VIEWS,
    list_patients,
    patient_number,
    read_info,
)
from benchmark_n.datasets.camus.scans import read_scan, scan_path
from benchmark_n.datasets.converter import Converter, Frame, Instance, Unit, encode_instances
from benchmark_n.datasets.find import find_folder
from benchmark_n.datasets.labelmaps.cached import open_converted
from benchmark_n.datasets.labelmaps.images import check_same_size
from benchmark_n.datasets.labelmaps.runs import label_runs
from benchmark_n.errors import InputError
from benchmark_n.runtime.commands import command_line

SPLITS = ("train", "val", "test", "all")
NAMES = {1: "left_ventricle", 2: "myocardium", 3: "left_atrium"}
CATEGORIES = [{"id": label, "name": name, "supercategory": name} for label, name in NAMES.items()]
TIERS = {
    **{"easy": "cardiac-easy", "mid": "cardiac-mid", "hard": "cardiac-hard"},
    **{"low": "cardiac-easy", "medium": "cardiac-mid", "high": "cardiac-hard"},
}
_KEYS = 10
_PATIENTS = ["database_nifti", "training", "."]


def locate(root: Path, split: str) -> Path:
    """The list of a split's patients, or the folder of all patients."""
    folder = _patients_folder(root)
    if split == "all":
        return folder
    for place in (root / "database_split", folder.parent / "database_split", root):
        if (place / LISTS[split]).is_file():
            return place / LISTS[split]
    raise InputError(
        f"camus: no database_split/{LISTS[split]} under {root}: "
        "split 'all' takes every patient without the published lists"
    )


def _patients_folder(root: Path) -> Path:
    for name in _PATIENTS:
        if any((root / name).glob("patient*/")):
            return root / name
    return find_folder(root, _PATIENTS[:1], "camus", "folders patient0001, …, or these in it")


def list_units(root: Path, split: str) -> list[Unit]:
    """The patients of a split, by their numbers."""
    place, folder = locate(root, split), _patients_folder(root)
    if split == "all":
        names = sorted(path.name for path in place.glob("patient*/"))
    else:
        names = list_patients(place)
    return [Unit(name, root, _files(folder / name)) for name in names]


def _files(folder: Path) -> tuple[Path, ...]:
    """Info files and scans of a patient: for each view, info, then image and map per instant.

    The pixel files of MetaImage come last: they are read with their headers.
    """
    files: list[Path] = []
    for view in VIEWS:
        files.append(folder / f"Info_{view}.cfg")
        for instant in INSTANTS:
            stem = f"{folder.name}_{view}_{instant}"
            files += [scan_path(folder, stem), scan_path(folder, f"{stem}_gt")]
    pixels = [path.with_suffix(".raw") for path in files if path.suffix == ".mhd"]
    return (*files, *pixels)


def read_unit(unit: Unit) -> list[Frame]:
    """The four frames of a patient."""
    number = patient_number(unit.name)
    per_view = 1 + 2 * len(INSTANTS)
    frames = []
    for place, view in enumerate(VIEWS):
        info_file, *scans = unit.files[place * per_view : (place + 1) * per_view]
        info = read_info(info_file)
        for step, instant in enumerate(INSTANTS):
            record = {
                "id": number * 100 + int(view[0]) * 10 + step + 1,
                "file_name": f"{unit.name}_{view}_{instant}.png",
                "patient": unit.name,
                "view": view,
                "instant": instant,
                "frame": info[instant],
                **{key: value for key, value in info.items() if key not in INSTANTS},
            }
            frames.append(_read_frame(record, scans[2 * step], scans[2 * step + 1]))
    return frames


def _read_frame(record: dict[str, Any], image_path: Path, map_path: Path) -> Frame:
    image, labels = read_scan(image_path), read_scan(map_path)
    height, width = image.pixels.shape
    check_same_size(map_path, labels.pixels.shape, (height, width), image_path)
    runs = label_runs(labels.pixels)
    unknown = np.setdiff1d(runs.values, [0, *NAMES])
    if len(unknown):
        raise InputError(f"{map_path.name}: label {unknown[0]}, expected 0, 1, 2 or 3")
    instances = [
        Instance(value, value, runs.rle(i)) for i, value in enumerate(runs.values.tolist()) if value
    ]
    record |= {"height": height, "width": width, "spacing": list(image.spacing)}
    _, png = cv2.imencode(".png", _to_bytes(image.pixels, image_path))
    annotations = encode_instances(record["id"], _KEYS, instances)
    return Frame(record, annotations, png.tobytes())


def _to_bytes(pixels: NDArray[Any], path: Path) -> NDArray[np.uint8]:
    low, high = float(pixels.min()), float(pixels.max())
    if not (low >= 0 and high <= 255):
        raise InputError(f"{path.name}: grey values {low:g} to {high:g}, expected 0 to 255")
    grey: NDArray[np.uint8] = np.rint(pixels).astype(np.uint8)
    return grey


CONVERTER = Converter("camus", 1, CATEGORIES, list_units, read_unit, pictures=True)
CAMUS = Dataset(
    "camus",
    "CAMUS-N",
    SPLITS,
    partial(open_converted, CONVERTER),
    locate,
    converter=CONVERTER,
    tiers=TIERS,
    size="500 patients, four frames each: train 400, val 50, test 50",
    licence="CC BY-NC-SA 4.0, and non-commercial research only",
    redistribution="no: images and derived labels stay with the user",
    terms=terms.CAMUS,
    homepage="www.creatis.insa-lyon.fr/Challenge/camus",
    steps=(
        "register at humanheart-project.creatis.insa-lyon.fr and agree to the terms of CAMUS",
        "download the collection CAMUS_public (database_nifti and database_split)",
        "keep both in one folder; pip install '.[medical]'",
        command_line("make", dataset="camus", root="FOLDER", tier="easy"),
    ),
)
