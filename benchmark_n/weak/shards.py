"""Blocks of images annotated one after the other, each kept in a file as soon as it is done.

So a run that was stopped goes on where it was. The shards' folder is named after all that their
content depends on, and each file after its images' sizes, times and content; a file ends with the
SHA-256 of what comes before.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile
from benchmark_n.coco.records import join_record, split_record
from benchmark_n.errors import InputError, told_inside
from benchmark_n.files.atomic import write_whole
from benchmark_n.files.provenance import file_digest
from benchmark_n.weak.engine import ImageTask, WeakEngine
from benchmark_n.weak.manifest_rows import shard_schema

BLOCK = 32
_DIGEST = 32  # bytes of a SHA-256
_ROWS = 500
Part = tuple[list[bytes | None], dict[str, list[Any]]]
Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Block:
    """Images that one shard holds."""

    number: int
    tasks: tuple[ImageTask, ...]

    def file_name(self) -> str:
        """A name that changes when one of the images does."""
        stated = []
        for task in self.tasks:
            stated.append((str(task.path), _state(task.path) if task.path.is_file() else None))
        digest = hashlib.sha256(json.dumps(stated).encode()).hexdigest()[:16]
        return f"{self.number:06d}-{digest}.arrow"


def _state(path: Path) -> tuple[int, int, str]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns, file_digest(path)


@dataclass(frozen=True)
class Shard:
    """A shard's file, and whether one was there that was damaged."""

    path: Path
    mended: bool


@dataclass(frozen=True)
class ShardMaker:
    """The engine, as work for the processes: a block in, its shard out."""

    engine: WeakEngine
    folder: Path

    def __call__(self, block: Block) -> Shard:
        """Make the shard unless it is there and whole."""
        path = self.folder / block.file_name()
        there = path.exists()
        if there and _content(path) is not None:
            return Shard(path, False)
        schema = shard_schema()
        rows = [row for task in block.tasks for row in self.engine(task)]
        columns = {name: [row.get(name) for row in rows] for name in schema.names}
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, schema) as writer:
            writer.write_table(pa.table(columns, schema))
        data = sink.getvalue().to_pybytes()
        write_whole(path, data + hashlib.sha256(data).digest())
        return Shard(path, there)


def shards_key(parts: Mapping[str, Any]) -> str:
    """Name of the folder for shards that depend on `parts`, plain values."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def blocks(tasks: Sequence[ImageTask]) -> Iterator[Block]:
    """Cut the images into blocks, in order."""
    for start in range(0, len(tasks), BLOCK):
        yield Block(start // BLOCK, tuple(tasks[start : start + BLOCK]))


def join_shards(paths: Sequence[Path], folder: Path) -> Any:
    """All shards as one table in a mapped file: no more of it is in memory than is looked at.

    Raises
    ------
    InputError
        A shard was damaged since it was made.
    """
    together = folder / f"together-{os.getpid()}.arrow"
    schema = shard_schema()
    try:
        with pa.OSFile(str(together), "wb") as file, pa.ipc.new_file(file, schema) as writer:
            for path in paths:
                data = _content(path)
                if data is None:
                    raise InputError(f"{path}: damaged since it was written: run this again")
                writer.write_table(pa.ipc.open_file(pa.py_buffer(data)).read_all())
        return pa.ipc.open_file(pa.memory_map(str(together))).read_all()
    finally:
        together.unlink(missing_ok=True)  # what is mapped stays


def _content(path: Path) -> bytes | None:
    """A shard's bytes; None where they are not what was written."""
    data = path.read_bytes()
    body, digest = data[:-_DIGEST], data[-_DIGEST:]
    return body if hashlib.sha256(body).digest() == digest else None


def skipped_images(table: Any, coco: CocoFile, images: Path | None) -> list[dict[str, str]]:
    """The images, of the folder `images`, that could not be read, for the summary."""
    pairs = zip(table["image_id"].to_pylist(), table["fault"].to_pylist(), strict=True)
    faults = {image_id: fault for image_id, fault in pairs if fault is not None}
    return [
        {
            "name": str(coco.images[i].file_name),
            "split": coco.path.stem,
            "fault": told_inside(fault, images) if images else fault,
        }
        for i, fault in faults.items()
    ]


def spurious_images(table: Any) -> list[int]:
    """The image ids of the spurious annotations, in the table's order."""
    images: list[int] = table.filter(table["place"].is_null())["image_id"].to_pylist()
    return images


def parts_in_order(table: Any, coco: CocoFile, clean_ids: Ids, spurious_ids: Ids) -> Iterator[Part]:
    """Records and manifest columns in the order of published ids.

    A record is None where the annotation is missed. ``clean_record`` is there for what changed.

    Parameters
    ----------
    clean_ids
        Published ids of the clean file's annotations, int64 (N,) in its order.
    spurious_ids
        Those of the spurious ones, int64 (S,) as `spurious_images` has them.
    """
    place = table["place"].combine_chunks()
    is_clean = np.asarray(place.is_valid().to_numpy(zero_copy_only=False), np.bool_)
    ids = np.empty(len(table), np.int64)
    ids[is_clean] = clean_ids[place.drop_null().to_numpy()]
    ids[~is_clean] = spurious_ids
    order = np.argsort(ids)
    form = tuple(split_record(coco.annotations[0])) if len(coco) else ()
    for start in range(0, len(order), _ROWS):
        rows = order[start : start + _ROWS]
        columns = _columns(table, rows)
        records, places = columns.pop("record"), columns.pop("place")
        flags = zip(places, columns["iou"], columns["deleted"], strict=True)
        columns["annotation_id"] = ids[rows].tolist()
        columns["clean_record"] = [
            bytes(coco.annotations[i]) if gone or (iou is not None and iou < 1) else None
            for i, iou, gone in flags
        ]
        given = zip(records, columns["annotation_id"], places, strict=True)
        yield (
            [_published(one, i, form if place is None else ()) for one, i, place in given],
            columns,
        )


def _published(record: bytes | None, identity: int, form: Sequence[str]) -> bytes | None:
    """The record under its published id.

    That of a spurious annotation gets the fields of the file's own in their order (`form`), so
    that its form does not tell where it is from.
    """
    if record is None:
        return None
    fields = split_record(record)
    if form:
        names = dict.fromkeys([name for name in form if name in fields])
        names |= dict.fromkeys(name for name in fields if name != "iscrowd")
        fields = {name: fields[name] for name in names}
    return join_record(fields, {"id": identity})


def _columns(table: Any, indices: Any) -> dict[str, list[Any]]:
    rows = table.take(pa.array(indices))
    return {name: rows[name].to_pylist() for name in rows.column_names if name != "fault"}
