"""Label maps of Cityscapes and VIPER in PNG, scans of CAMUS, pictures of classes."""

from __future__ import annotations

import gzip
import json
import shutil
import struct
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from benchmark_n.datasets.base import DATASETS
from benchmark_n.datasets.labelmaps.convert import convert
from benchmark_n.datasets.request import Request
from tests.datasets.trees import write_camus, write_cityscapes, write_polygons, write_viper
from tests.fuzzing.formats import Format
from tests.fuzzing.values import SCRIPT, damaged, json_bytes, nested

_FRAME, _SEQUENCE = "town_000000_000019", "002_00003"
_MAP = f"gtFine/train/town/{_FRAME}_gtFine_instanceIds.png"
_POLYGONS = f"gtFine/train/town/{_FRAME}_gtFine_polygons.json"
_VIPER_MAP = f"train/inst/002/{_SEQUENCE}.png"
_PATIENT = "database_nifti/patient0001"
_SIDES = (
    (1, 10**9),
    (10**9, 1),
    (2**31 - 1, 2**31 - 1),
    (40_000, 40_000),
    (16_384, 16_384),
    (0, 0),
)


def png(width: int, height: int, depth: int, colour: int, data: bytes) -> bytes:
    """A PNG by hand: whatever size its header states, of this pixel data."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    parts = (
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _some_png(rng: Random, original: bytes, channels: int) -> bytes:
    """The file damaged, under another header, or with other values."""
    if rng.random() < 0.4:
        return damaged(original, rng)
    width, height = rng.choice([*_SIDES, (50, 40), (40, 50), (50, 40), (50, 40)])
    colour, depth = rng.choice([(0, 8), (0, 16), (2, 8), (2, 16), (3, 8), (4, 8), (6, 8), (9, 9)])
    if rng.random() < 0.7:
        colour, depth = (0, 16) if channels == 1 else (2, 8)
    wide = {0: 1, 2: 3, 4: 2, 6: 4}.get(colour, 1) * depth // 8 * 50
    rows = (
        b"\x00" + bytes(rng.choice([0, 1, 24, 26, 255]) for _ in range(wide)) for _ in range(40)
    )
    return png(width, height, depth, colour, zlib.compress(b"".join(rows)))


def _small(values: list[int]) -> NDArray[np.int64]:
    labels = np.zeros((40, 50), np.int64)
    for place, value in enumerate(values):
        labels[4 * place : 4 * place + 6, 5 : 30 + place] = value
    return labels


def _prepare_cityscapes(folder: Path) -> None:
    write_cityscapes(folder, "train", {_FRAME: _small([26000, 26001, 24, 11])})
    objects = [{"label": "car", "polygon": [[1, 1], [20, 1], [20, 20]]}] * 2
    write_polygons(
        folder / "painted",
        "train",
        _FRAME,
        [*objects, {"label": "sky", "polygon": [[2, 2], [9, 2], [9, 9]]}],
    )


def _write_cityscapes(rng: Random, folder: Path, valid: Path) -> None:
    if rng.random() < 0.6:
        _tree(folder, valid)
        (folder / _MAP).write_bytes(_some_png(rng, (valid / _MAP).read_bytes(), 1))
    else:
        shutil.copytree(valid / "painted", folder, dirs_exist_ok=True)
        path = folder / _POLYGONS
        path.write_bytes(json_bytes(json.loads(path.read_bytes()), rng))


def _tree(folder: Path, valid: Path) -> None:
    ignore = shutil.ignore_patterns("painted")
    shutil.copytree(valid, folder, dirs_exist_ok=True, ignore=ignore)


def _prepare_viper(folder: Path) -> None:
    frame = _small([24 << 16 | 1, 20 << 16 | 300, 24 << 16, 2 << 16])
    write_viper(folder, "train", {_SEQUENCE: frame}, "png")


def _write_viper(rng: Random, folder: Path, valid: Path) -> None:
    _tree(folder, valid)
    path = folder / (_VIPER_MAP if rng.random() < 0.8 else f"train/img/002/{_SEQUENCE}.png")
    path.write_bytes(_some_png(rng, path.read_bytes(), 3))


def _prepare_camus(folder: Path) -> None:
    for suffix in (".nii", ".nii.gz", ".mhd"):
        write_camus(folder / suffix.strip("."), ["patient0001"], suffix=suffix, split="training")


def _write_camus(rng: Random, folder: Path, valid: Path) -> None:
    form = rng.choice(["nii", "nii", "nii.gz", "mhd"])
    shutil.copytree(valid / form, folder, dirs_exist_ok=True)
    stem = f"{_PATIENT}/patient0001_{rng.choice(['2CH', '4CH'])}_ED"
    path = folder / f"{stem}{rng.choice(['', '_gt'])}.{form}"
    how = rng.random()
    if how < 0.1:
        path = folder / _PATIENT / "Info_2CH.cfg"
        path.write_bytes(_some_lines(rng, path.read_text()))
    elif how < 0.15:
        path = folder / "database_split" / "subgroup_training.txt"
        path.write_bytes(damaged(path.read_bytes(), rng))
    elif form == "mhd":
        path.write_bytes(_some_lines(rng, path.read_text()))
    elif form == "nii":
        path.write_bytes(_some_header(rng, path.read_bytes()))
    else:
        data = _some_header(rng, gzip.decompress(path.read_bytes()))
        path.write_bytes(damaged(gzip.compress(data), rng) if how < 0.5 else gzip.compress(data))


_NUMBERS = ("-1", "0", "1", "2", "3", "1e9", "1000000000", "99999999999999999999", "nan", "x", "")
_WORDS = (
    *("MET_DOUBLE", "MET_UCHAR_ARRAY", "LIST", "LOCAL", "Local", "../../../../../etc/passwd"),
    *("/dev/zero", "%04d.raw 1 999999 1", "True", SCRIPT, "-5 7", "1000000000 1000000000 1"),
)


def _some_lines(rng: Random, text: str) -> bytes:
    """Lines of ``key = value`` with other values, left out or twice."""
    lines = text.splitlines()
    for _ in range(rng.randint(1, 3)):
        place = rng.randrange(len(lines))
        key, sign, value = lines[place].partition("=" if "=" in lines[place] else ":")
        words = value.split()
        if words and rng.random() < 0.8:
            words[rng.randrange(len(words))] = rng.choice([*_NUMBERS, *_WORDS])
            lines[place] = f"{key}{sign} {' '.join(words)}"
        else:
            lines.insert(place, lines[place])
    return (
        damaged("\n".join(lines).encode(), rng) if rng.random() < 0.3 else "\n".join(lines).encode()
    )


def _some_header(rng: Random, data: bytes) -> bytes:
    """NIfTI-1 with other dimensions, type, offset or spacing."""
    part = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        how = rng.randrange(6)
        if how <= 1:
            place = 40 + 2 * rng.randrange(8)
            value = rng.choice([-1, 0, 1, 2, 3, 7, 50, 60, 30_000, 32_767])
            part[place : place + 2] = struct.pack("<h", value)
        elif how == 2:
            part[70:74] = struct.pack(
                "<hh",
                rng.choice([0, 2, 4, 16, 64, 128, 1536, 2048]),
                rng.choice([0, 1, 8, 32, 24, 32_767]),
            )
        elif how == 3:
            offset = rng.choice([0.0, 348.0, -1.0, 1e9, 1e30, float("nan"), 352.5])
            part[108:112] = struct.pack("<f", offset)
        elif how == 4:
            place = 76 + 4 * rng.randrange(10)
            part[place : place + 4] = struct.pack("<f", rng.choice([0.0, -1.0, 1e38, float("nan")]))
        else:
            return damaged(bytes(part), rng)
    return bytes(part)


def _reader(dataset: str) -> Callable[[Path, Path], None]:
    def read(folder: Path, out: Path) -> None:
        known = DATASETS.load(dataset)
        request = Request(folder, "train", workers=1)
        convert(known, out / "made.json", request)

    return read


def _swap(name: str, data: Callable[[], bytes], part: str = ".") -> Callable[[Path, Path], None]:
    def write(folder: Path, valid: Path) -> None:
        _tree(folder, valid / part)
        (folder / name).write_bytes(data())

    return write


def _black(side: int, depth: int, colour: int, channels: int) -> bytes:
    """A whole PNG of side x side px, all zero: a megabyte that opens to gigabytes."""
    packer = zlib.compressobj(9)
    row = b"\x00" * (1 + side * channels * depth // 8)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    return png(side, side, depth, colour, data)


def _nifti(*dims: int) -> Callable[[], bytes]:
    def make() -> bytes:
        header = bytearray(352)
        header[:4] = struct.pack("<i", 348)
        header[40:56] = struct.pack("<8h", len(dims), *dims, *[1] * (7 - len(dims)))
        header[70:74] = struct.pack("<hh", 64, 64)
        header[76:108] = struct.pack("<8f", *[1.0] * 8)
        header[108:112] = struct.pack("<f", 352.0)
        header[344:348] = b"n+1\x00"
        return bytes(header) + b"\x00" * 1000

    return make


def _mhd(size: str, file: str = "x.raw") -> bytes:
    return (
        f"ObjectType = Image\nNDims = 3\nBinaryData = True\nElementSpacing = 1 1 1\n"
        f"DimSize = {size}\nElementType = MET_DOUBLE\nElementDataFile = {file}\n"
    ).encode()


_NII, _GZ, _MHD = (f"{_PATIENT}/patient0001_2CH_ED_gt.{s}" for s in ("nii", "nii.gz", "mhd"))
_HEADERS = {f"header of {w}x{h} px": (w, h) for w, h in _SIDES}
CITYSCAPES_BOMBS = {
    **{
        name: _swap(_MAP, partial(png, w, h, 16, 0, zlib.compress(b"\0" * 99)))
        for name, (w, h) in _HEADERS.items()
    },
    "16384 x 16384 px of nothing": _swap(_MAP, lambda: _black(16_384, 8, 0, 1)),
    "nested polygons": _swap(_POLYGONS, lambda: str(nested(200_000)).encode(), "painted"),
    "polygons of 10^9 px": _swap(
        _POLYGONS, lambda: b'{"imgWidth":1000000000,"imgHeight":1,"objects":[]}', "painted"
    ),
    "polygons of 2^28 px": _swap(
        _POLYGONS, lambda: b'{"imgWidth":16384,"imgHeight":16384,"objects":[]}', "painted"
    ),
}
VIPER_BOMBS = {
    **{
        name: _swap(_VIPER_MAP, partial(png, w, h, 8, 2, zlib.compress(b"\0" * 99)))
        for name, (w, h) in _HEADERS.items()
    },
    "9000 x 9000 px of nothing": _swap(_VIPER_MAP, lambda: _black(9_000, 8, 2, 3)),
    "13000 x 13000 px of nothing": _swap(_VIPER_MAP, lambda: _black(13_000, 8, 2, 3)),
}
CAMUS_BOMBS = {
    "nifti of 10^9 px": _swap(_NII, _nifti(32_000, 32_000), "nii"),
    "nifti of 10^13 px": _swap(_NII, _nifti(32_000, 32_000, 10_000), "nii"),
    "nifti of seven axes": _swap(_NII, _nifti(*[32_000] * 7), "nii"),
    "packed nifti of 10^9 px": _swap(
        _GZ, lambda: gzip.compress(_nifti(30_000, 30_000)() + b"\0" * 10**8), "nii.gz"
    ),
    "metaimage of 10^9 px": _swap(_MHD, lambda: _mhd("1000000000 1 1"), "mhd"),
    "metaimage of 10^18 px": _swap(_MHD, lambda: _mhd("1000000000 1000000000 1"), "mhd"),
    "metaimage out of a device": _swap(_MHD, lambda: _mhd("100 100 1", "/dev/zero"), "mhd"),
    "metaimage out of another file": _swap(
        _MHD, lambda: _mhd("5 5 1", "../../../../../../../../etc/passwd"), "mhd"
    ),
}

FORMATS = (
    Format(
        "cityscapes",
        _prepare_cityscapes,
        _write_cityscapes,
        _reader("cityscapes"),
        6,
        CITYSCAPES_BOMBS,
    ),
    Format("viper", _prepare_viper, _write_viper, _reader("viper"), 5, VIPER_BOMBS),
    Format("camus", _prepare_camus, _write_camus, _reader("camus"), 6, CAMUS_BOMBS),
)
