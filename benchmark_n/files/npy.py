"""Arrays out of ``.npy`` and ``.npz`` files that may have come from anywhere; never pickle.

NumPy reserves what a header states before it looks at the data, and an archive may unpack to a
thousand times its size; both are looked at first.
"""

from __future__ import annotations

import math
import struct
import tokenize
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import numpy as np
from numpy.typing import NDArray

from benchmark_n.errors import InputError

Array = NDArray[Any]
# What NumPy and zipfile raise for headers and archives that are none.
_FAULTS = (
    *(OSError, ValueError, SyntaxError, RecursionError, EOFError, NotImplementedError, TypeError),
    *(KeyError, RuntimeError, MemoryError, tokenize.TokenError, zlib.error, BadZipFile),
)
_SUFFIX = ".npy"
# Pixels and numbers never pack this well, nothing else is as large.
_LARGE, _MOST_PACKED = 1 << 26, 200
# Bytes before the lengths of the name and of further fields in a member's local record.
_LOCAL_LENGTHS = 26


def read_npy(path: Path) -> Array:
    """The array of a ``.npy`` file.

    Raises
    ------
    InputError
        The file cannot be read as an array of plain values.
    """
    with _named_faults(path), path.open("rb") as file:
        _check_size(file, path.stat().st_size)
        file.seek(0)
        return np.asarray(np.load(file, allow_pickle=False))


def npz_names(path: Path) -> list[str]:
    """Names of the arrays in an ``.npz`` file."""
    with _named_faults(path), ZipFile(path) as box:
        return [info.filename.removesuffix(_SUFFIX) for info in _members(box)]


def read_npz(
    path: Path, names: list[str] | None = None, *, mapped: bool = False
) -> dict[str, Array]:
    """Arrays of an ``.npz`` file by their names; all by default.

    Parameters
    ----------
    mapped
        Map large arrays that are not packed from the file, read-only, in place of reading them.
        The file may then be replaced or removed, but nobody may write into it.

    Raises
    ------
    InputError
        The file cannot be read as arrays of plain values.
    """
    arrays = {}
    with _named_faults(path), ZipFile(path) as box:
        for info in _members(box):
            name = info.filename.removesuffix(_SUFFIX)
            if names is not None and name not in names:
                continue
            large = mapped and info.file_size > _LARGE and info.compress_type == ZIP_STORED
            arrays[name] = (_map_member if large else _read_member)(box, info)
    return arrays


def _members(box: ZipFile) -> list[ZipInfo]:
    return [info for info in box.infolist() if info.filename.endswith(_SUFFIX)]


def _read_member(box: ZipFile, info: ZipInfo) -> Array:
    if info.file_size > _LARGE and info.file_size > _MOST_PACKED * info.compress_size:
        raise ValueError(f"{info.file_size} bytes packed in {info.compress_size}")
    with box.open(info) as member:
        _check_size(member, info.file_size)
    with box.open(info) as member:
        return np.asarray(np.lib.format.read_array(member, allow_pickle=False))


def _map_member(box: ZipFile, info: ZipInfo) -> Array:
    with box.open(info) as member:
        shape, columns_first, kind = _check_size(member, info.file_size)
        header = member.tell()
    with open(str(box.filename), "rb") as file:
        # The local record of a member, whose name and further fields lie before the data.
        file.seek(info.header_offset + _LOCAL_LENGTHS)
        name, further = struct.unpack("<HH", file.read(4))
    start = info.header_offset + _LOCAL_LENGTHS + 4 + name + further + header
    order: Literal["F", "C"] = "F" if columns_first else "C"
    return np.memmap(str(box.filename), kind, "r", start, shape, order)


def _check_size(file: IO[bytes], size: int) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """The header's shape, order and type; ValueError unless as many bytes follow as it states."""
    version = np.lib.format.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"an array file of version {version[0]}.{version[1]}")
    read = {1: np.lib.format.read_array_header_1_0, 2: np.lib.format.read_array_header_2_0}
    shape, columns_first, kind = read[version[0]](file)
    if kind.hasobject:
        raise ValueError("an array of Python objects, expected plain values")
    stated = math.prod(shape) * kind.itemsize
    if stated != size - file.tell() or min(shape, default=0) < 0:
        raise ValueError(f"an array of {stated} bytes in a file of {size - file.tell()}")
    return shape, columns_first, kind


@contextmanager
def _named_faults(path: Path) -> Iterator[None]:
    try:
        yield
    except _FAULTS as error:
        fault = " ".join(str(error).split())
        raise InputError(f"{path}: cannot be read as arrays: {fault:.200}") from None
