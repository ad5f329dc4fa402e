"""Parquet files that are not as they should be."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.fuzzing.values import SCRIPT, damaged

_KINDS = (pa.int64(), pa.int32(), pa.uint64(), pa.float64(), pa.string(), pa.binary(), pa.bool_())
_VALUES: tuple[Any, ...] = (
    *(None, 0, -1, 7, 2**31, 2**63 - 1, -(2**63), float("nan"), float("inf"), -0.5, 1.5, True),
    *("", "class", "clean", "spurious", SCRIPT, "{", '{"size": [9, 9], "counts": "0"}', b"\xff"),
    *('{"size": [1000000000, 1000000000], "counts": [1]}', "[" * 5000, "x" * 5000, b"{}"),
)


def strange_table(table: Any, rng: Random, path: Path) -> None:
    """Write the table with a few values, columns or bytes changed."""
    for _ in range(rng.randint(1, 3)):
        table = _CHANGES[rng.randrange(len(_CHANGES))](table, rng)
    pq.write_table(table, path)
    if rng.random() < 0.3:
        path.write_bytes(damaged(path.read_bytes(), rng))


def _value(table: Any, rng: Random) -> Any:
    """One value, or all of a column."""
    if not table.num_columns or not len(table):
        return table
    place = rng.randrange(table.num_columns)
    field = table.schema.field(place)
    rows = table.column(place).to_pylist()
    value = rng.choice(_VALUES)
    for row in [rng.randrange(len(rows))] if rng.random() < 0.7 else range(len(rows)):
        rows[row] = value
    try:
        column = pa.array(rows, field.type)
    except (pa.ArrowException, OverflowError, TypeError, ValueError):
        return table
    return table.set_column(place, field, column)


def _kind(table: Any, rng: Random) -> Any:
    """A column of another type."""
    if not table.num_columns:
        return table
    place = rng.randrange(table.num_columns)
    name, kind = table.column_names[place], rng.choice(_KINDS)
    try:
        column = table.column(place).cast(kind)
    except pa.ArrowException:
        column = pa.nulls(len(table), kind)
    return table.set_column(place, name, column)


def _drop(table: Any, rng: Random) -> Any:
    return table.remove_column(rng.randrange(table.num_columns)) if table.num_columns else table


def _twice(table: Any, rng: Random) -> Any:
    if not table.num_columns:
        return table
    place = rng.randrange(table.num_columns)
    return table.append_column(table.schema.field(place), table.column(place))


def _rows(table: Any, rng: Random) -> Any:
    """Rows left out, or there twice."""
    return rng.choice([table.slice(0, 0), table.slice(1), pa.concat_tables([table, table])])


def _metadata(table: Any, rng: Random) -> Any:
    strange = {"manifest_version": "9", "dilation_ratio": SCRIPT, "detector": "../../x"}
    return table.replace_schema_metadata(rng.choice([None, strange, {b"\xff": b"\xff"}]))


_CHANGES = (_value, _value, _value, _kind, _drop, _twice, _rows, _metadata)
