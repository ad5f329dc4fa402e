"""Open a dataset that ships label maps: converted once, then out of the cache."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from benchmark_n.benchmark.staging import staged
from benchmark_n.cache import cache_folder
from benchmark_n.datasets.base import Request, Source
from benchmark_n.datasets.convert import PICTURES, prepared, write_split
from benchmark_n.datasets.frames import Converter, Unit
from benchmark_n.errors import InputError

_SKIPPED = "skipped.json"


def open_converted(converter: Converter, request: Request) -> Source:
    """The converted split with its validation split, out of the cache where it is there already.

    The cache's key holds sizes and times of all source files, so a changed source is read anew.
    """
    request = prepared(converter, request)
    splits = [request.split]
    units = converter.list_units(request.root, request.split)
    if request.split != "val" and (validation := _units_or_none(converter, request.root)):
        splits.append("val")
        units = units + validation
    key = _cache_key(converter, request, splits, units)
    folder = cache_folder() / "converted" / f"{converter.name}-{key}"
    names = {split: f"{converter.name}_{split}.json" for split in splits}
    if not folder.is_dir():
        with staged(folder) as stage:
            skipped: list[dict[str, str]] = []
            for split, name in names.items():
                part = replace(request, split=split)
                skipped += write_split(converter, part, stage, name).skipped
            (stage / _SKIPPED).write_bytes(msgspec.json.encode(skipped))
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


def _cache_key(
    converter: Converter, request: Request, splits: Sequence[str], units: Sequence[Unit]
) -> str:
    options = (converter.version, str(request.root), splits, request.stride, request.skip_bad)
    digest = hashlib.blake2b(repr(options).encode(), digest_size=12)
    for unit in units:
        for path in unit.files:
            try:
                status = path.stat()
                stamp = f"{path.name}:{status.st_size}:{status.st_mtime_ns}"
            except OSError:
                stamp = f"{path.name}:missing"
            digest.update(stamp.encode())
    return digest.hexdigest()
