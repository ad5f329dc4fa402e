"""Scores in less than a megabyte that unpack to gigabytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmark_n.tables.scores import scores_schema

ROWS = 30_000


def rows_of(count: int, **columns: Any) -> Any:
    """Scores of `count` proposals that are all the same."""
    same = {
        "image_id": pa.array(np.ones(count, np.int64)),
        "annotation_id": pa.nulls(count, pa.int64()),
        "kind": pa.array(["missing"] * count),
        "score": np.full(count, 0.5),
        "flagged": np.ones(count, bool),
        "suggested_category": pa.array(np.ones(count, np.int64)),
        "suggested_segmentation": pa.array(['{"size":[48,64],"counts":"PPYo10"}'] * count),
    }
    return pa.table({**same, **columns}, schema=scores_schema({"detector": "x"}))


def many_rows(path: Path) -> None:
    """Thirty million rows in less than a megabyte."""
    part = rows_of(1_000_000)
    with pq.ParquetWriter(path, part.schema, compression="zstd") as writer:
        for _ in range(30):
            writer.write_table(part, row_group_size=len(part))


def one_word(path: Path) -> None:
    """A word of a hundred kilobytes, used thirty thousand times."""
    table = rows_of(ROWS).drop_columns("suggested_segmentation")
    word = pa.DictionaryArray.from_arrays(np.zeros(ROWS, np.int32), ["x" * 100_000])
    table = table.append_column("suggested_segmentation", word).replace_schema_metadata(None)
    pq.write_table(table, path, compression="zstd", store_schema=False)


def long_list(path: Path) -> None:
    """A list of twenty million numbers in one row."""
    table = rows_of(1).append_column(
        "list", pa.array([np.zeros(20_000_000)], pa.list_(pa.float64()))
    )
    pq.write_table(table, path, compression="zstd")


def growing_words(path: Path) -> None:
    """Words each of which is the one before and a little more, kept as what is new alone."""
    column = pa.array([f"{'x' * 5000}{i}" for i in range(1000)])
    table = rows_of(1000).drop_columns("suggested_segmentation")
    pq.write_table(
        table.append_column("suggested_segmentation", column).replace_schema_metadata(None),
        path,
        use_dictionary=False,
        column_encoding={"suggested_segmentation": "DELTA_BYTE_ARRAY"},
        store_schema=False,
    )


def false_footer(path: Path) -> None:
    """A page of 200 megabytes under a footer that speaks of some bytes."""
    table = pa.table({"suggested_segmentation": ["x" * 200_000_000]})
    pq.write_table(table, path, compression="zstd", use_dictionary=False, write_statistics=False)
    data = path.read_bytes()
    start = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    footer = data[start:]
    stated = pq.ParquetFile(path).metadata.row_group(0).total_byte_size
    assert footer.count(varint(stated)) == 2
    path.write_bytes(data[:start] + footer.replace(varint(stated), varint(9, len(varint(stated)))))
    assert pq.ParquetFile(path).metadata.row_group(0).total_byte_size == 9


def varint(value: int, length: int = 1) -> bytes:
    """A signed number as Thrift's compact protocol has it, in at least so many bytes."""
    parts: list[int] = []
    value <<= 1
    while value or len(parts) < length:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes([*parts[:-1], parts[-1] & 127])


LARGE_TABLES: dict[str, Callable[[Path], None]] = {
    "many rows": many_rows,
    "one word": one_word,
    "long list": long_list,
    "growing words": growing_words,
    "false footer": false_footer,
}
