"""CAMUS's medical images, NIfTI and MetaImage, by SimpleITK."""

from __future__ import annotations

import gzip
import math
import zlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.read import MAX_PIXELS
from benchmark_n.datasets.camus.files import INSTANTS, VIEWS
from benchmark_n.errors import InputError

_SUFFIXES = (".nii.gz", ".nii", ".mhd")
_PIXEL_FILES = (".raw", ".zraw")
_NIFTI_HEADER = 352


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
            "run pip install '.[medical]' in the clone"
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
