"""CAMUS's files: medical images by SimpleITK, info files, lists of patients."""

from __future__ import annotations

import gzip
import math
import re
import zlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.read import MAX_PIXELS
from benchmark_n.errors import InputError

VIEWS = ("2CH", "4CH")
INSTANTS = ("ED", "ES")
LISTS = {
    "train": "subgroup_training.txt",
    "val": "subgroup_validation.txt",
    "test": "subgroup_testing.txt",
}
_SUFFIXES = (".nii.gz", ".nii", ".mhd")
_PIXEL_FILES = (".raw", ".zraw")
_NIFTI_HEADER = 352
_PATIENT = re.compile(r"patient(\d+)")
_FIELDS = {
    "Sex": "sex",
    "Age": "age",
    "ImageQuality": "image_quality",
    "EF": "ef",
    "LVef": "ef",
    "LVedv": "edv",
    "LVesv": "esv",
}


@dataclass(frozen=True)
class Scan:
    """Pixels (height, width) and the spacing (x, y) of their columns and rows in mm."""

    pixels: NDArray[Any]
    spacing: tuple[float, float]


def simple_itk() -> Any:
    """The module SimpleITK; without it, one line that says how to install it."""
    try:
        import SimpleITK
    except ImportError:
        raise InputError(
            "CAMUS's NIfTI and MetaImage files need SimpleITK: "
            "run pip install 'benchmark-n[medical]'"
        ) from None
    itk: Any = SimpleITK
    itk.ProcessObject.GlobalWarningDisplayOff()
    return itk


def scan_path(folder: Path, stem: str) -> Path:
    """The file of a scan; the first of the known forms where there is none."""
    paths = [folder / f"{stem}{suffix}" for suffix in _SUFFIXES]
    return next((path for path in paths if path.is_file()), paths[0])


def read_scan(path: Path) -> Scan:
    """A single frame from NIfTI or MetaImage.

    Raises
    ------
    InputError
        The file is missing, truncated, or more than a frame.
    """
    itk = simple_itk()
    if not path.is_file():
        raise InputError(
            f"{path.name}: missing in {path.parent}, expected image and label map (_gt) of the "
            f"views {', '.join(VIEWS)} at {' and '.join(INSTANTS)}"
        )
    try:
        _check_header(path, itk)
        image = itk.ReadImage(str(path))
    except RuntimeError as error:
        text = (str(error).strip().splitlines() or [""])[-1]
        raise InputError(f"{path.name}: cannot be read ({text:.120}), expected a scan") from None
    _check_complete(path, image)
    pixels = itk.GetArrayFromImage(image)
    pixels = pixels[0] if pixels.ndim == 3 and len(pixels) == 1 else pixels
    if pixels.ndim != 2:
        shape = "x".join(map(str, pixels.shape))
        raise InputError(f"{path.name}: an array of {shape}, expected a single 2D frame")
    x, y = (round(float(step), 6) for step in image.GetSpacing()[:2])
    return Scan(pixels, (x, y))


def _check_header(path: Path, itk: Any) -> None:
    """Refuse what would take much memory, or another file, before any pixel is read."""
    if path.suffix == ".mhd":
        _check_metaimage(path)
    reader = itk.ImageFileReader()
    reader.SetFileName(str(path))
    reader.ReadImageInformation()
    size, parts = reader.GetSize(), reader.GetNumberOfComponents()
    if math.prod(size) > MAX_PIXELS or parts != 1:
        shape = "x".join(map(str, size))
        raise InputError(
            f"{path.name}: an array of {shape} with {parts} values each, expected a single 2D frame"
        )


def _check_metaimage(path: Path) -> None:
    """Refuse a MetaImage header whose pixels are in a strange file, or not in 2 or 3 dimensions.

    ITK's reader believes any number of dimensions and dies of some.
    """
    lines = path.read_text(encoding="latin-1").splitlines()
    pixel_files = [path.with_suffix(suffix).name for suffix in _PIXEL_FILES]
    for key, expected in (("ElementDataFile", pixel_files), ("NDims", ["2", "3"])):
        named = [line.partition("=")[2].strip() for line in lines if key in line]
        if len(named) != 1 or named[0] not in expected:
            raise InputError(
                f"{path.name}: {key} is {', '.join(named) or 'nothing'!s:.80}, expected "
                f"{' or '.join(expected)}"
            )


def _check_complete(path: Path, image: Any) -> None:
    """ITK fills what a truncated NIfTI file lacks with zeros; here it is an `InputError`."""
    if path.suffix == ".mhd":
        return
    expected = _NIFTI_HEADER + math.prod(image.GetSize()) * int(image.GetMetaData("bitpix")) // 8
    try:
        if path.suffix == ".gz":
            with gzip.open(path) as file:
                size = sum(len(block) for block in iter(partial(file.read, 1 << 20), b""))
        else:
            size = path.stat().st_size
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path.name}: cannot be read ({error}), expected a whole scan") from None
    if size < expected:
        raise InputError(
            f"{path.name}: cannot be read (truncated: {size} of {expected} bytes), "
            "expected a whole scan"
        )


def write_scan(path: Path, scan: Scan) -> None:
    """Write a frame; the suffix chooses the format."""
    itk = simple_itk()
    image = itk.GetImageFromArray(np.ascontiguousarray(scan.pixels))
    image.SetSpacing(scan.spacing)
    path.parent.mkdir(parents=True, exist_ok=True)
    itk.WriteImage(image, str(path), True)


def read_info(path: Path) -> dict[str, Any]:
    """An ``Info_<view>.cfg``: the frames of ED and ES, and what is known of the patient.

    Keys are ``ED``, ``ES`` (frame numbers) and those of `_FIELDS`, whose values are None where the
    file lacks them: sex, age (years), image_quality, ef (percent), edv and esv (ml).
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise InputError(
            f"{path.name}: missing or no text in {path.parent}, expected lines such as 'ED: 1'"
        ) from None
    pairs = [line.partition(":") for line in lines if ":" in line]
    given = {key.strip(): value.strip() for key, _, value in pairs}
    info: dict[str, Any] = dict.fromkeys(_FIELDS.values())
    for instant in INSTANTS:
        if not given.get(instant, "").isdigit():
            found = given.get(instant, "nothing")
            raise InputError(
                f"{path.parent.name}/{path.name}: {instant} is {found}, expected a frame number"
            )
        info[instant] = int(given[instant])
    for key, name in _FIELDS.items():
        if key in given and info[name] is None:
            info[name] = _value(given[key])
    return info


def _value(text: str) -> Any:
    """A number where the text is a finite one, None where it says that nothing is known."""
    if text.lower() in ("", "nan", "na", "n/a", "none"):
        return None
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() else number


def patient_number(name: str) -> int:
    """``patient0012`` as 12."""
    match = _PATIENT.fullmatch(name)
    if match is None:
        raise InputError(f"{name}: not a CAMUS patient, expected a name such as patient0001")
    return int(match[1])


def list_patients(path: Path) -> list[str]:
    """The patients of a subgroup list, one a line."""
    try:
        names = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name}: cannot be read ({error})") from None
    names = [name for name in names if name]
    if not names:
        raise InputError(f"{path.name}: the list is empty, expected a patient on each line")
    for name in names:
        if _PATIENT.fullmatch(name) is None:
            raise InputError(f"{path.name}: '{name:.40}', expected a patient such as patient0001")
    return sorted(names)
