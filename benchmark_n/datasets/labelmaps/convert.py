"""Convert label maps to a clean COCO file, frame by frame, in parallel.

The file depends on the dataset's own files alone: not on the machine, the worker count or the
folder it lies in.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from benchmark_n.coco.write import CocoStream
from benchmark_n.datasets.base import Dataset
from benchmark_n.datasets.converter import Converter, Frame, Unit, grouped
from benchmark_n.datasets.request import Request
from benchmark_n.errors import InputError, UsageError, told_inside
from benchmark_n.files.renaming import rename_new
from benchmark_n.runtime.options import check_whole
from benchmark_n.runtime.parallel import ordered_map

PICTURES = "images"
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Conversion:
    """What a conversion wrote: counts, the bad units it left out, and the folder of PNGs."""

    annotations: Path
    images: int
    instances: int
    crowds: int
    skipped: tuple[dict[str, str], ...]
    pictures: Path | None = None


def convert(
    dataset: Dataset,
    out: Path,
    request: Request,
    *,
    overwrite: bool = False,
) -> Conversion:
    """Write the clean COCO file `out` of a dataset that ships label maps.

    Rewritten frames (CAMUS) go into a folder beside it that has its name without suffix.

    Raises
    ------
    UsageError
        The dataset ships COCO files already.
    InputError
        A bad file (unless `request.skip_bad`), or an output that exists; nothing is written then.
    """
    converter = dataset.converter
    if converter is None:
        raise UsageError(f"{dataset.name} has annotations in COCO form already")
    if request.group_regex is not None and not converter.named_files:
        raise UsageError("`group_regex` is for dataset imagefolder, whose files' names it reads")
    out = Path(os.path.abspath(out))
    pictures = out.with_suffix("") if converter.pictures else None
    if pictures == out:
        raise UsageError(f"{out.name}: expected a file name that ends in .json")
    for path in (out, pictures):
        if path is not None and path.exists() and not overwrite:
            raise InputError(
                f"{path}: the output exists already: choose another or `overwrite=True`"
            )
    request = prepared(converter, request)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as name:
            stage = Path(name)
            done = write_split(converter, request, stage, out.name)
            (_put_over if overwrite else _put_new)(stage, out, pictures)
    except FileExistsError as error:
        raise InputError(
            f"{error.filename}: the output exists already (it appeared while this ran): choose "
            "another or `overwrite=True`"
        ) from None
    except OSError as error:
        raise InputError(f"{out}: writing failed: {error.strerror or error}") from None
    return Conversion(out, done.images, done.instances, done.crowds, done.skipped, pictures)


def _put_over(stage: Path, out: Path, pictures: Path | None) -> None:
    """Put pictures and file in the place of those that have their names."""
    if pictures is not None:
        pictures.mkdir(exist_ok=True)
        for file in (stage / PICTURES).iterdir():
            file.replace(pictures / file.name)
    (stage / out.name).replace(out)


def _put_new(stage: Path, out: Path, pictures: Path | None) -> None:
    """Put pictures and file where nothing is, or leave neither."""
    if pictures is not None:
        rename_new(stage / PICTURES, pictures)
    try:
        rename_new(stage / out.name, out)
    except OSError:
        if pictures is not None:
            pictures.rename(stage / PICTURES)
        raise


def prepared(converter: Converter, request: Request) -> Request:
    """The request with its root absolute, and drawn where the dataset is an embedded one."""
    check_whole("stride", request.stride, least=1)
    root = converter.prepare(request) if converter.prepare else request.root
    return replace(request, root=Path(os.path.abspath(root)))


@dataclass
class Written:
    """Counts of a split that was written, and what was left out."""

    images: int = 0
    instances: int = 0
    crowds: int = 0
    skipped: tuple[dict[str, str], ...] = ()


def write_split(converter: Converter, request: Request, folder: Path, name: str) -> Written:
    """Write one split's COCO file `name` and its PNGs into `folder`."""
    units = converter.list_units(request.root, request.split)[:: request.stride]
    if converter.pictures:
        (folder / PICTURES).mkdir(exist_ok=True)
    done = Written()
    images: list[bytes] = []
    seen: dict[int, str] = {}
    skipped: list[dict[str, str]] = []
    categories = converter.categories
    if converter.list_categories:
        categories = converter.list_categories(request.root, request.split)
    head = {"categories": _encode(list(categories)), "annotations": b"[]"}
    with CocoStream(folder / name, head) as stream:
        for frame in _frames(converter, request, units, skipped):
            _check_id(frame, seen)
            images.append(_encode(frame.image))
            stream.write(frame.annotations)
            crowds = sum(b'"iscrowd":1' in record for record in frame.annotations)
            done.crowds += crowds
            done.instances += len(frame.annotations) - crowds
            if frame.picture is not None:
                (folder / PICTURES / frame.image["file_name"]).write_bytes(frame.picture)
        if not images:
            raise InputError(
                f"{converter.name} {request.split}: nothing could be read: {skipped[0]['fault']}"
            )
        stream.add_section("images", b"[" + b",\n".join(images) + b"]")
        stream.add_section("info", _encode(_info(converter, request, skipped)))
    done.images, done.skipped = len(images), tuple(skipped)
    return done


def _info(
    converter: Converter, request: Request, skipped: Sequence[dict[str, str]]
) -> dict[str, Any]:
    return {
        "description": f"{converter.name} {request.split}, converted from its label maps",
        "version": str(converter.version),
        "stride": request.stride,
        "skipped": skipped,
    }


def _frames(
    converter: Converter,
    request: Request,
    units: Sequence[Unit],
    skipped: list[dict[str, str]],
) -> Iterator[Frame]:
    read = partial(_read, converter.read_unit)
    results = ordered_map(read, units, workers=request.workers)
    for place, (unit, result) in enumerate(zip(units, results, strict=True), start=1):
        if isinstance(result, str):
            if not request.skip_bad:
                raise InputError(f"{result} (`skip_bad=True` leaves such out)")
            fault = told_inside(result, unit.root)
            skipped.append({"name": unit.name, "split": request.split, "fault": fault})
        else:
            yield from grouped(result, unit, request.group_regex)
        if request.progress is not None:
            request.progress(place, len(units))


def _read(read_unit: Any, unit: Unit) -> list[Frame] | str:
    """The unit's frames, or the fault: errors of workers have to come back in order."""
    try:
        frames: list[Frame] = read_unit(unit)
    except InputError as fault:
        return str(fault)
    return frames


def _check_id(frame: Frame, seen: dict[int, str]) -> None:
    """Annotation ids are blocks of their image's id, so distinct images are all that is needed."""
    image_id, name = frame.image["id"], frame.image["file_name"]
    other = seen.setdefault(image_id, name)
    if other != name:
        raise InputError(
            f"{name}: image id {image_id} is that of {other} too: rename one of the two"
        )
