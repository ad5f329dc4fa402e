"""Manifests of older schemas, read as ones of this version."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from benchmark_n.tables.manifest_schema import IDS, SOURCE

_log = logging.getLogger(__name__)


def of_now(path: Path, keys: Any, table: Any, later: Sequence[str]) -> tuple[Any, Any]:
    """Keys and table of an older schema with the origins and source ids of this one."""
    keys, table = _with_origins(keys), _with_origins(table)
    if "source_id" in later:
        _warn_of_source_ids(path)
        source = pc.if_else(pc.equal(keys["origin"], SOURCE), keys["annotation_id"], None)
        keys = keys.append_column("source_id", source)
        table = table.append_column("source_id", source)
    if "source_ids" not in later:
        return keys, table
    ids = [None if i is None else [i] for i in keys["source_id"].to_pylist()]
    return keys, table.append_column("source_ids", pa.array(ids, IDS))


def _with_origins(table: Any) -> Any:
    """The table with ``source`` in place of the origin ``clean``."""
    if "origin" not in table.column_names:
        return table
    place, origin = table.column_names.index("origin"), table["origin"]
    renamed = pc.if_else(pc.equal(origin, "clean"), SOURCE, origin)
    return table.set_column(place, table.schema.field("origin"), renamed)


@cache
def _warn_of_source_ids(path: Path) -> None:
    """Once for each manifest: it is read many times."""
    _log.warning(
        "%s: of schema 1: its annotation ids are the source's, which, like the order of the "
        "annotations, may tell its errors",
        path,
    )
