"""Rows of arrays, made one block after another, kept as they come, then mapped into memory.

What networks say of annotations takes hours to make and may be larger than the memory. So each
block lies on the disk as soon as it is made, in a folder that all it depends on names, and a run
that was stopped goes on after the last whole one. When all are there they become one ``.npy`` file
for each array, which is read where it is looked at. Features are kept in half precision.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmark_n.errors import InputError
from benchmark_n.files.atomic import write_whole
from benchmark_n.files.kept_folders import file_digests, make_sealed
from benchmark_n.runtime.progress import Progress

VERSION = 1
_DIGEST = 32  # bytes of a SHA-256
Item = TypeVar("Item")
Rows = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class RowBlock(Generic[Item]):
    """What some of the rows are made from.

    Parameters
    ----------
    key
        Plain values for JSON that decide the rows, files as digests.
    count
        Rows, or what else progress is told in.
    item
        What the maker is given.
    """

    key: Any
    count: int
    item: Item


def image_blocks(
    tasks: Sequence[Item],
    size: int,
    path: Callable[[Item], Path],
    told: Callable[[Item], Sequence[Any]],
    count: Callable[[Item], int] = lambda _: 1,
) -> list[RowBlock[list[Item]]]:
    """Blocks of `size` images each.

    Parameters
    ----------
    tasks
        One an image.
    path, told
        Its file, and plain values that decide its rows besides.
    count
        Of an image, for `RowBlock.count`.
    """
    digests = file_digests(map(path, tasks))
    keys = [[digest, *told(task)] for task, digest in zip(tasks, digests, strict=True)]
    blocks = []
    for start in range(0, len(tasks), size):
        part = list(tasks[start : start + size])
        blocks.append(RowBlock(keys[start : start + size], sum(map(count, part)), part))
    return blocks


def stored_rows(
    folder: Path,
    made_of: Mapping[str, Any],
    blocks: Sequence[RowBlock[Item]],
    make: Callable[[Item], Rows],
    progress: Progress | None = None,
) -> Rows:
    """The rows of all blocks, one below another; made where they are not kept.

    Parameters
    ----------
    folder
        Where stores of this kind lie, each in a folder of its own.
    made_of
        Plain values for JSON that decide the rows of every block.
    blocks
        At least one.
    make
        The rows of a block: arrays of the same names, types and further axes for each.
    progress
        Told (count done, count in all).

    Returns
    -------
    dict
        Read-only arrays mapped from their files.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    whole = {"row_store": VERSION, **made_of, "blocks": [block.key for block in blocks]}
    target = folder / _name(whole)
    parts = folder / f"{target.name}.blocks"
    paths = [parts / f"{number:06d}.npz" for number in range(len(blocks))]

    def fill(stage: Path) -> None:
        _join(stage, paths, _make_lacking(paths, blocks, make, progress))

    make_sealed(target, {"rows": target.name}, fill, "rows.json")
    shutil.rmtree(parts, ignore_errors=True)
    names: list[str] = json.loads((target / "rows.json").read_text(encoding="utf-8"))
    return {name: np.load(target / f"{name}.npy", "r", allow_pickle=False) for name in names}


def _make_lacking(
    paths: Sequence[Path],
    blocks: Sequence[RowBlock[Item]],
    make: Callable[[Item], Rows],
    progress: Progress | None,
) -> list[dict[str, Any]]:
    """Make the blocks that are not kept; shape and type of each block's arrays by name."""
    shapes, done, total = [], 0, sum(block.count for block in blocks)
    for block, path in zip(blocks, paths, strict=True):
        rows = _kept(path)
        if rows is None:
            rows = make(block.item)
            _keep(path, rows)
        shapes.append({name: (array.shape, array.dtype) for name, array in rows.items()})
        done += block.count
        if progress is not None:
            progress(done, total)
    return shapes


def half(values: NDArray[Any]) -> NDArray[np.float16]:
    """Numbers in half precision.

    Raises
    ------
    InputError
        Numbers that are not finite there: beyond 65,504 or none.
    """
    with np.errstate(over="ignore"):
        kept = np.asarray(values, np.float16)
    if not np.isfinite(kept).all():
        worst = values[~np.isfinite(kept)].flat[0]
        raise InputError(f"evidence has the value {worst:g}, which half precision cannot hold")
    return kept


def _name(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:32]


def _keep(path: Path, rows: Rows) -> None:
    """Write a block's rows and, behind them, their SHA-256."""
    sink = io.BytesIO()
    np.savez(sink, allow_pickle=False, **rows)
    data = sink.getvalue()
    write_whole(path, data + hashlib.sha256(data).digest())


def _kept(path: Path) -> Rows | None:
    """A block's rows; None where they are not there, or not what was written."""
    with suppress(OSError):
        data = path.read_bytes()
        body, digest = data[:-_DIGEST], data[-_DIGEST:]
        if hashlib.sha256(body).digest() == digest:
            with np.load(io.BytesIO(body), allow_pickle=False) as box:
                return dict(box)
    return None


def _join(stage: Path, paths: Sequence[Path], shapes: Sequence[Mapping[str, Any]]) -> None:
    """One file an array, of which no more than a block is in memory."""
    names = list(shapes[0])
    targets: Rows = {}
    for name in names:
        first, kind = shapes[0][name]
        count = sum(told[name][0][0] for told in shapes)
        opened = partial(np.lib.format.open_memmap, dtype=kind, shape=(count, *first[1:]))
        targets[name] = opened(stage / f"{name}.npy", mode="w+")
    place = dict.fromkeys(names, 0)
    for path in paths:
        rows = _kept(path)
        if rows is None:
            raise InputError(f"{path}: damaged since it was written: run this again")
        for name, array in rows.items():
            targets[name][place[name] : place[name] + len(array)] = array
            place[name] += len(array)
    for target in targets.values():
        target.flush()  # type: ignore[attr-defined]
    (stage / "rows.json").write_text(json.dumps(names), encoding="utf-8")
