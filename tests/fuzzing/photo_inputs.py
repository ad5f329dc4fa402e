"""Pictures of annotations, in all formats that are read, and headers that state too much."""

from __future__ import annotations

import io
import json
import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from PIL import Image, features

import benchmark_n
from benchmark_n.benchmark import load
from benchmark_n.coco import read_coco
from benchmark_n.errors import BenchmarkNError
from benchmark_n.report.images import image_statistics
from benchmark_n.review import export_review
from tests import making
from tests.fuzzing.formats import Format
from tests.fuzzing.picture_inputs import png
from tests.fuzzing.values import damaged

_FILE, _SCORES = "instances.json", "scores.parquet"


def black_png(side: int = 32_000) -> bytes:
    """A whole picture of side x side px in some hundred kilobytes."""
    packer = zlib.compressobj(9)
    row = b"\0" * (1 + side // 8)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    return png(side, side, 1, 0, data)


def small(kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (300, 200)).save(file, kind, **options)
    return file.getvalue()


def _changed(data: bytes, place: int, form: str, *values: int) -> bytes:
    part = struct.pack(form, *values)
    return data[:place] + part + data[place + len(part) :]


def _jpeg() -> bytes:
    data = small("JPEG")
    return _changed(data, data.index(b"\xff\xc0") + 5, ">HH", 60_000, 60_000)


def _tiff() -> bytes:
    data = small("TIFF")
    for tag in (256, 257):  # width and height
        place = data.index(struct.pack("<H", tag) + b"\x04\0\x01\0\0\0")
        data = _changed(data, place + 8, "<I", 60_000)
    return data


def _jp2() -> bytes:
    data = small("JPEG2000", no_jp2=True)
    return _changed(data, data.index(b"\xff\x51") + 6, ">II", 60_000, 60_000)


# Headers that state more than a hundred million pixels.
HUGE: dict[str, Callable[[], bytes]] = {
    "png": black_png,
    "jpg": _jpeg,
    "bmp": lambda: _changed(small("BMP"), 18, "<ii", 60_000, -60_000),
    "tiff": _tiff,
    "gif": lambda: _changed(small("GIF"), 6, "<HH", 60_000, 60_000),
    "ppm": lambda: b"P6\n60000 60000\n255\n" + b"\0" * 99,
    "jp2": _jp2,
    "webp": lambda: _changed(small("WEBP", lossless=True), 21, "<I", 0x0FFFFFFF),
    "webp, wide": lambda: _changed(
        small("WEBP", exif=b"Exif\0\0MM\0*"), 24, "<HBHB", *[65_535, 0] * 2
    ),
}

_SIDES = (0, 1, 64, 48, 9999, 10_001, 30_000, 65_535)
_KINDS = ("PNG", "JPEG", "BMP", "TIFF", "GIF", "PPM", "WEBP", "JPEG2000", "AVIF")


def _prepare(folder: Path) -> None:
    """A benchmark with its pictures, and scores; the pictures again in all formats."""
    from tests.review.samples import ROWS, scores, source

    path = source(folder)
    making.make(
        "custom", "hard", annotations=path, images=folder, out=folder / "benchmark", workers=1
    )
    scores(folder / _SCORES, [row for row in ROWS])
    for kind in _KINDS:
        if kind != "AVIF" or features.check("avif"):
            with Image.open(folder / "a.png") as image:
                image.save(folder / f"a.{kind}", kind)


def _write(rng: Random, folder: Path, valid: Path) -> None:
    data = (valid / f"a.{rng.choice(_kinds(valid))}").read_bytes()
    _put(folder, valid, data if rng.random() < 0.05 else _strange(rng, data))


def _kinds(valid: Path) -> list[str]:
    return [kind for kind in _KINDS if (valid / f"a.{kind}").is_file()]


def _strange(rng: Random, data: bytes) -> bytes:
    """Bytes damaged anywhere, or numbers of the header replaced by sizes."""
    if rng.random() < 0.4:
        return damaged(data, rng)
    for _ in range(rng.randint(1, 3)):
        form = rng.choice(["<H", ">H", "<I", ">I"])
        place = rng.randrange(min(len(data), rng.choice([32, 200])))
        data = _changed(data, place, form, rng.choice(_SIDES))
    return data


def _put(folder: Path, valid: Path, data: bytes) -> None:
    """The pictures and all that is said of them, the first picture replaced."""
    shutil.copytree(valid / "benchmark", folder / "benchmark")
    for name in (_FILE, _SCORES, "b.png"):
        shutil.copy(valid / name, folder)
    (folder / "a.png").write_bytes(data)  # a reader goes by the content, not by the name


def _read(folder: Path, out: Path) -> None:
    """All that reads pictures: a refusal of one reader is no excuse for the others."""
    refused: list[BenchmarkNError] = []
    for read in _READERS:
        try:
            read(folder, out)
        except BenchmarkNError as error:
            refused.append(error)
    if refused:
        raise refused[0]


def _show(folder: Path, out: Path) -> None:
    if (folder / "a.png").stat().st_size % 8 == 0:  # the slowest of all
        made = load(folder / "benchmark")
        (made.path / "local.yaml").write_text(f"images: {json.dumps(str(folder))}\n")
        benchmark_n.show(made, out / "picture.png", image_id=1)


def _statistics(folder: Path, out: Path) -> None:
    coco = read_coco(folder / _FILE)
    image_statistics(coco, folder, coco.image_ids)


_READERS: tuple[Callable[[Path, Path], Any], ...] = (
    _show,
    _statistics,
    lambda folder, out: making.make(
        "custom",
        weak="box",
        segmenter="box-fill",
        annotations=folder / _FILE,
        images=folder,
        out=out / "weak",
        workers=1,
    ),
    lambda folder, out: export_review(
        [folder / _SCORES], "csv", out / "review", annotations=folder / _FILE, images=folder
    ),
)


def _bomb(make: Callable[[], bytes]) -> Callable[[Path, Path], None]:
    return lambda folder, valid: _put(folder, valid, make())


FORMATS = (
    Format(
        "pictures",
        _prepare,
        _write,
        _read,
        5,
        {f"huge {kind}": _bomb(make) for kind, make in HUGE.items()},
    ),
)
