"""Tables out of Parquet files that may have come from anywhere, none larger than it may be.

A word that is stored once and used a million times, or a page of nothing, makes gigabytes out of
kilobytes. So what a table takes is added up before any of it is read: rows by the widths of their
columns, pages by their headers, and the words of a dictionary by how often each is used.
"""

from __future__ import annotations

import mmap
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmark_n.files.limits import MAX_TABLE_BYTES, limit
from benchmark_n.files.parquet_pages import Page, chunk_pages

# Tables of real annotations unpack to less than a fortieth of this.
_LARGE, _MOST_PACKED = 1 << 25, 200
_LARGEST_DICTIONARY = 1 << 24  # bytes; writers end a dictionary at one million
_ROWS = 1 << 14
_WIDTHS = {"BOOLEAN": 1, "INT32": 4, "INT64": 8, "INT96": 12, "FLOAT": 4, "DOUBLE": 8}
_OFFSET = 4  # bytes that say where a text ends


@dataclass
class _Sizes:
    """Bytes of the chosen columns: unpacked, in memory, and the columns whose words to count."""

    unpacked: int = 0
    memory: int = 0
    words: tuple[str, ...] = ()


def read_parquet(path: Path, columns: Sequence[str] | None = None) -> Any:
    """The table in a Parquet file, or some columns of it, checked to be what their types say.

    Raises
    ------
    OSError, ValueError, pa.ArrowException
        It cannot be read, or would take more than `limit(MAX_TABLE_BYTES)` bytes of memory, or two
        hundred times as many as the file has.
    """
    open_parquet(path, columns)
    with pq.ParquetFile(path) as file:  # `pyarrow.parquet.read_table` imports pandas
        table = file.read(None if columns is None else list(columns))
    table.validate(full=True)  # text may be no UTF-8
    return table


def open_parquet(
    path: Path, columns: Sequence[str] | None = None, *, by_group: bool = False
) -> Any:
    """A `pyarrow.parquet.ParquetFile` of which the chosen columns may be read.

    Parameters
    ----------
    by_group
        Its row groups are read one after the other, so each of them alone has to be small enough.

    Raises
    ------
    OSError, ValueError, pa.ArrowException
        As for `read_parquet`.
    """
    file = pq.ParquetFile(path)
    check_names(file.schema_arrow)
    groups = range(file.metadata.num_row_groups)
    size = path.stat().st_size
    with path.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for part in [[group] for group in groups] if by_group else [list(groups)]:
            sizes = _sizes(file, data, part, columns)
            _check_packing(sizes.unpacked, size)
            _check(sizes.memory, size)
            for name in sizes.words:
                for length in _word_bytes(path, part, name):
                    sizes.memory += length
                    _check(sizes.memory, size)
    return file


def check_names(schema: Any) -> None:
    """Refuse a schema that has two columns of one name.

    Raises
    ------
    ValueError
        It has.
    """
    twice = next((name for name, count in Counter(schema.names).items() if count > 1), None)
    if twice is not None:
        raise ValueError(f"two columns are called '{twice}'")


def _check(memory: int, size: int) -> None:
    most = limit(MAX_TABLE_BYTES)
    if memory > most:
        raise ValueError(
            f"more than {most} bytes unpacked, refused unread ({MAX_TABLE_BYTES} allows more)"
        )
    _check_packing(memory, size)


def _check_packing(memory: int, size: int) -> None:
    if memory > max(_LARGE, _MOST_PACKED * size):
        raise ValueError(
            f"more than {_MOST_PACKED} times as much unpacked as its {size} bytes, refused unread"
        )


def _sizes(file: Any, data: Any, groups: Sequence[int], columns: Sequence[str] | None) -> _Sizes:
    found = _Sizes()
    words: dict[str, None] = {}
    for group in groups:
        about = file.metadata.row_group(group)
        for index in range(about.num_columns):
            chunk, column = about.column(index), file.schema.column(index)
            top = column.path.split(".")[0]
            if columns is not None and top not in columns:
                continue
            pages = list(_pages(data, chunk))
            found.unpacked += sum(page.unpacked for page in pages)
            memory, counted = _chunk_memory(pages, column, about.num_rows)
            found.memory += memory
            if counted:
                words[column.path] = None
    found.words = tuple(words)
    return found


def _pages(data: Any, chunk: Any) -> Iterator[Page]:
    offsets = (chunk.data_page_offset, chunk.dictionary_page_offset)
    starts = [offset for offset in offsets if offset]
    if not starts and not chunk.num_values:  # of a table without rows
        return iter(())
    start = min(starts)
    return chunk_pages(data, start, start + chunk.total_compressed_size, chunk.num_values)


def _chunk_memory(pages: Sequence[Page], column: Any, rows: int) -> tuple[int, bool]:
    """Bytes that a column chunk takes, and whether words of a dictionary come on top of them."""
    values = max(rows, sum(page.values for page in pages if not page.dictionary))
    dictionary = sum(page.unpacked for page in pages if page.dictionary)
    if column.physical_type != "BYTE_ARRAY":
        width = _WIDTHS.get(column.physical_type) or column.length
        return values * width, False
    if any(page.delta for page in pages):
        raise ValueError(f"column '{column.path}' is in DELTA_BYTE_ARRAY, which may be endless")
    if dictionary > _LARGEST_DICTIONARY:
        raise ValueError(f"column '{column.path}' has a dictionary of {dictionary} bytes")
    plain = sum(page.unpacked for page in pages if not page.dictionary) + _OFFSET * values
    if values * dictionary <= _LARGE:
        return plain + values * dictionary, False
    if column.max_repetition_level:
        raise ValueError(f"column '{column.path}' holds lists of too many words")
    return plain, bool(dictionary)


def _word_bytes(path: Path, groups: Sequence[int], name: str) -> Iterator[int]:
    """Bytes of a column's values, some rows at a time; no more than the words is unpacked."""
    file = pq.ParquetFile(path, read_dictionary=[name])
    batches = file.iter_batches(_ROWS, row_groups=list(groups), columns=[name], use_threads=False)
    for batch in batches:
        column = batch.column(0)
        if pa.types.is_struct(column.type):
            raise ValueError(f"column '{name}' holds structures of too many words")
        lengths = pc.binary_length(column.dictionary).take(column.indices)
        yield pc.sum(lengths).as_py() or 0
