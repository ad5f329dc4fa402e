"""The noise engine's class confusion on top of weak masks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile
from benchmark_n.noise.chunks import Chunk, chunks
from benchmark_n.noise.engine import Engine
from benchmark_n.noise.plan import decide
from benchmark_n.noise.recipe import Recipe
from benchmark_n.tables.manifest_schema import SOURCE
from benchmark_n.weak.engine import WeakEngine
from benchmark_n.weak.shards import Part


def confuse(
    parts: Iterable[Part],
    recipe: Recipe,
    coco: CocoFile,
    published_ids: NDArray[np.int64],
    weak: WeakEngine,
) -> Iterator[Part]:
    """The noise engine's categories on top of the weak masks; spurious ones keep theirs.

    `coco` has its annotations in the order in which the parts have them, and `published_ids`,
    int64 (N,), are theirs.
    """
    if not recipe.noises:
        yield from parts
        return
    engine = Engine(recipe.noises, weak.seed, weak.file_name, weak.dilation_ratio, masks=weak.masks)
    decisions = decide(recipe, coco, weak.seed)
    start = 0
    for records, rows in parts:
        places = [i for i, origin in enumerate(rows["origin"]) if origin == SOURCE]
        if not places:
            yield records, rows
            continue
        chunk = next(chunks(recipe, coco, decisions, published_ids, len(places), start=start))
        start += len(places)
        empty = [None] * len(records)
        own = {name: [column[i] for i in places] for name, column in rows.items()}
        written, changed = _renamed(engine, chunk, [records[i] for i in places], own)
        yield (
            _put(records, places, written),
            {name: _put(rows.get(name, empty), places, new) for name, new in changed.items()},
        )


def _put(column: Sequence[Any], places: Sequence[int], values: Sequence[Any]) -> list[Any]:
    """A copy of the column with `values` at `places`."""
    copy = list(column)
    for place, value in zip(places, values, strict=True):
        copy[place] = value
    return copy


def _renamed(
    engine: Engine, chunk: Chunk, records: Sequence[bytes | None], rows: dict[str, list[Any]]
) -> Part:
    """The chunk's rows with its new categories in their records and columns."""
    given = [weak or clean for weak, clean in zip(records, chunk.records, strict=True)]
    written, columns = engine(replace(chunk, records=given, deleted=rows["deleted"]))
    survivors = iter(written)
    changed = {
        name: values
        for name, values in columns.items()
        if name == "noisy_category_id" or (name not in rows and name != "clean_record")
    }
    touched = zip(
        rows["clean_record"],
        chunk.records,
        chunk.category_ids,
        columns["noisy_category_id"],
        strict=True,
    )
    changed["clean_record"] = [
        raw if before or new not in (None, old) else None for before, raw, old, new in touched
    ]
    return [None if record is None else next(survivors) for record in records], rows | changed
