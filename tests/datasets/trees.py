"""Small dataset trees in the real encodings, written with PIL, NumPy and SimpleITK alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SHAPE_CITYSCAPES = (1024, 2048)
SHAPE_VIPER = (1080, 1920)


def street(
    shape: tuple[int, int], values: list[int], background: int, seed: int, share: float = 0.7
) -> NDArray[Any]:
    """A map with all that is hard: touching boxes, single pixels, parts, a hole, the border.

    Each blob has `share` of the pixels of its square, the others stay what they were.
    """
    rng = np.random.default_rng(seed)
    labels = np.full(shape, background, np.int64)
    height, width = shape
    for value in values[4:]:
        top, left = int(rng.integers(0, height - 90)), int(rng.integers(0, width - 90))
        blob = rng.random((90, 90)) < share
        labels[top : top + 90, left : left + 90][blob] = value
    one, two, three, four = values[:4]
    labels[100:200, 100:200] = one
    labels[100:200, 200:260] = two  # touches the first along a full side
    labels[120:140, 120:140] = background  # a hole
    labels[150, 150] = two  # a part of the second inside the first
    labels[300, 300] = three  # a single pixel
    labels[:, -1] = four  # whole column, up to the last pixel
    labels[-1, :50] = four
    labels[:3, :3] = one  # the first pixel of all
    return labels


CITYSCAPES_VALUES = [
    26000,
    26001,
    24000,
    33000,
    25003,
    28000,
    31000,
    32000,
    27999,
    26,
    24,
    29000,
    30001,
    11,
    23,
]


def write_cityscapes(root: Path, split: str, frames: dict[str, NDArray[Any]]) -> None:
    """Instance maps as 16-bit PNG, images as RGB PNG; frame names are ``CITY_SEQ_FRAME``."""
    for name, labels in frames.items():
        city = name.split("_")[0]
        image = root / "leftImg8bit" / split / city / f"{name}_leftImg8bit.png"
        path = root / "gtFine" / split / city / f"{name}_gtFine_instanceIds.png"
        for file in (image, path):
            file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(labels.astype(np.uint16)).save(path)
        Image.new("RGB", (labels.shape[1], labels.shape[0])).save(image)


def write_polygons(root: Path, split: str, name: str, objects: list[dict[str, Any]]) -> Path:
    """A polygon file of a 60x40 px frame with its image."""
    city = name.split("_")[0]
    image = root / "leftImg8bit" / split / city / f"{name}_leftImg8bit.png"
    path = root / "gtFine" / split / city / f"{name}_gtFine_polygons.json"
    for file in (image, path):
        file.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"imgWidth": 60, "imgHeight": 40, "objects": objects}))
    Image.new("RGB", (60, 40)).save(image)
    return path


VIPER_VALUES = [
    c << 16 | n
    for c, n in (
        (24, 1),
        (24, 2),
        (20, 255),
        (27, 256),
        (13, 65535),
        (16, 3),
        (17, 4),
        (19, 5),
        (23, 6),
        (25, 7),
        (26, 300),
        (22, 8),
        (24, 0),
        (3, 0),
        (2, 0),
    )
]


def write_viper(
    root: Path, split: str, frames: dict[str, NDArray[Any]], suffix: str = "jpg"
) -> None:
    """Instance maps as RGB PNG: class id, then the instance id's high and low byte."""
    for name, labels in frames.items():
        folder = name.split("_")[0]
        image = root / split / "img" / folder / f"{name}.{suffix}"
        path = root / split / "inst" / folder / f"{name}.png"
        for file in (image, path):
            file.parent.mkdir(parents=True, exist_ok=True)
        channels = [labels // 65536, labels // 256 % 256, labels % 256]
        Image.fromarray(np.dstack(channels).astype(np.uint8), "RGB").save(path)
        Image.new("RGB", (labels.shape[1], labels.shape[0])).save(image)


def heart(height: int = 60, width: int = 50, shift: int = 0) -> NDArray[np.uint8]:
    """A CAMUS label map: ventricle in a myocardium over an atrium."""
    labels = np.zeros((height, width), np.uint8)
    labels[8:36, 10 + shift : 34 + shift] = 2
    labels[12:36, 14 + shift : 30 + shift] = 1
    labels[36:50, 15 + shift : 29 + shift] = 3
    return labels


INFO_NEW = (
    "ED: 1\nES: 18\nNbFrame: 18\nSex: F\nAge: 56\nImageQuality: Good\nEF: 59\nFrameRate: 51.3\n"
)
INFO_OLD = (
    "ED: 15\nES: 1\nNbFrame: 15\nSex: M\nAge: 61\nImageQuality: Poor\n"
    "LVedv: 94.5\nLVesv: 40.2\nLVef: 57\n"
)


def write_camus(
    root: Path,
    patients: list[str],
    *,
    suffix: str = ".nii.gz",
    info: str = INFO_NEW,
    spacing: tuple[float, float] = (0.3, 0.4),
    split: str | None = None,
) -> None:
    """Patients in ``database_nifti``, and their names in a subgroup list."""
    folder = root / "database_nifti"
    for shift, name in enumerate(patients):
        for view in ("2CH", "4CH"):
            for instant in ("ED", "ES"):
                labels = heart(shift=shift % 5)
                image = (labels * 60 + 7).astype(np.uint8)
                stem = folder / name / f"{name}_{view}_{instant}"
                stem.parent.mkdir(parents=True, exist_ok=True)
                write_scan_file(stem.with_name(stem.name + suffix), image, spacing)
                write_scan_file(stem.with_name(stem.name + "_gt" + suffix), labels, spacing)
            (folder / name / f"Info_{view}.cfg").write_text(info)
    if split is not None:
        lists = root / "database_split"
        lists.mkdir(exist_ok=True)
        (lists / f"subgroup_{split}.txt").write_text("\n".join(patients) + "\n")


def write_scan_file(path: Path, pixels: NDArray[Any], spacing: tuple[float, float]) -> None:
    """NIfTI by SimpleITK; MetaImage by hand, with the third axis that CAMUS's has."""
    if path.suffix == ".mhd":
        height, width = pixels.shape
        path.with_suffix(".raw").write_bytes(pixels.tobytes())
        path.write_text(
            f"ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n"
            f"ElementSpacing = {spacing[0]} {spacing[1]} 1\nDimSize = {width} {height} 1\n"
            f"ElementType = MET_UCHAR\nElementDataFile = {path.with_suffix('.raw').name}\n"
        )
        return
    import SimpleITK

    image: Any = SimpleITK.GetImageFromArray(pixels)
    image.SetSpacing((*spacing, 1.0)[: pixels.ndim])
    SimpleITK.WriteImage(image, str(path))
