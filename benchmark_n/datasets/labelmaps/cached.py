"""Open a dataset that ships label maps: converted once, then out of the cache."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from benchmark_n.datasets.converter import Converter, Unit
from benchmark_n.datasets.labelmaps.convert import PICTURES, prepared, write_split
from benchmark_n.datasets.request import Request, Source
from benchmark_n.errors import InputError
from benchmark_n.files.cache import cache_folder
from benchmark_n.files.kept_folders import file_digests, make_sealed

_SKIPPED = "skipped.json"


def open_converted(converter: Converter, request: Request) -> Source:
    """The converted split with its validation split, out of the cache where it is there already.

    The cache's key holds sizes and times of all source files, and the content of those of which
    more than a picture's size is read; so a changed source is read anew.
    """
    request = prepared(converter, request)
    splits = [request.split]
    units = converter.list_units(request.root, request.split)
    if request.split != "val" and (validation := _units_or_none(converter, request.root)):
        splits.append("val")
        units = units + validation
    made_of = _made_of(converter, request, splits, units)
    folder = cache_folder() / "converted" / f"{converter.name}-{_key(made_of)}"
    names = {split: f"{converter.name}_{split}.json" for split in splits}

    def fill(stage: Path) -> None:
        skipped: list[dict[str, str]] = []
        for split, name in names.items():
            part = replace(request, split=split)
            skipped += write_split(converter, part, stage, name).skipped
        (stage / _SKIPPED).write_bytes(msgspec.json.encode(skipped))

    make_sealed(folder, made_of, fill, _SKIPPED)
    validation_file = folder / names["val"] if "val" in names else None
    images = folder / PICTURES if converter.pictures else request.root
    return Source(
        folder / names[request.split],
        images,
        validation_file,
        converter.dilation_ratio,
        tuple(msgspec.json.decode((folder / _SKIPPED).read_bytes())),
        val_images=images,
    )


def _units_or_none(converter: Converter, root: Path) -> list[Unit] | None:
    try:
        return converter.list_units(root, "val")
    except InputError as error:
        logging.getLogger(__name__).warning("no clean validation labels: %s", error)
        return None


def _made_of(
    converter: Converter, request: Request, splits: Sequence[str], units: Sequence[Unit]
) -> dict[str, Any]:
    """All that a conversion depends on, as plain values."""
    return {
        "version": converter.version,
        "root": str(request.root),
        "splits": list(splits),
        "stride": request.stride,
        "skip_bad": request.skip_bad,
        "sources": _sources_digest(units),
        **({} if request.group_regex is None else {"group_regex": request.group_regex}),
    }


def _sources_digest(units: Sequence[Unit]) -> str:
    """A digest of the source files: names, sizes, times, and content where it is read."""
    headers = {path for unit in units for path in unit.headers}
    paths = list(dict.fromkeys(path for unit in units for path in unit.files))
    read = [path for path in paths if path not in headers and path.is_file()]
    contents = dict(zip(read, file_digests(read), strict=True))
    digest = hashlib.sha256()
    for path in paths:
        try:
            status = path.stat()
            stamp: list[Any] = [status.st_size, status.st_mtime_ns, contents.get(path)]
        except OSError:
            stamp = ["missing"]
        digest.update(json.dumps([path.name, *stamp]).encode())
    return digest.hexdigest()


def _key(made_of: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:24]
