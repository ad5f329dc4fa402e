"""The noise engine's class confusion on top of weak masks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from benchmark_n.coco import CocoFile
from benchmark_n.noise.engine import Engine
from benchmark_n.noise.plan import Chunk, chunks, decide
from benchmark_n.noise.recipe import Recipe
from benchmark_n.weak.engine import WeakEngine
from benchmark_n.weak.shards import Part


def confuse(
    parts: Iterable[Part], recipe: Recipe, coco: CocoFile, weak: WeakEngine
) -> Iterator[Part]:
    """The noise engine's categories on top of the weak masks."""
    if not recipe.noises:
        yield from parts
        return
    engine = Engine(recipe.noises, weak.seed, weak.file_name, weak.dilation_ratio, masks=weak.masks)
    decisions = decide(recipe, coco, weak.seed)
    start = 0
    for records, rows in parts:
        size = len(records)
        if rows["origin"][0] == "spurious":
            yield records, rows
            continue
        chunk = next(chunks(recipe, coco, decisions, size, start=start))
        start += size
        yield _renamed(engine, chunk, records, rows)


def _renamed(
    engine: Engine, chunk: Chunk, records: Sequence[bytes | None], rows: dict[str, list[Any]]
) -> Part:
    """A part with the chunk's new categories in its records and columns."""
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
