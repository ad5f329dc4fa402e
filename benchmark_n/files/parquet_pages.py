"""What the pages of a Parquet file unpack to, told from the pages' own headers.

The file's footer says so too, but whoever made the file wrote the footer as well; a reader sets
aside what each page's header states. Headers are structures of Thrift's compact protocol:
https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Struct = dict[int, Any]
_DATA, _DICTIONARY, _DATA_V2 = 0, 2, 3  # values of PageType
_DELTA_BYTE_ARRAY = 7  # a value of Encoding
_DEEPEST = 4


@dataclass(frozen=True)
class Page:
    """A page: bytes in the file and unpacked, number of values, and what kind it is."""

    packed: int
    unpacked: int
    values: int
    dictionary: bool
    delta: bool


def chunk_pages(data: Any, start: int, end: int, values: int) -> Iterator[Page]:
    """The pages of a column chunk, whose first begins at `start`, until they hold `values`.

    Parameters
    ----------
    data
        The whole file, as bytes or mapped.

    Raises
    ------
    ValueError
        What lies there is no page.
    """
    seen = 0
    while seen < values and start < end:
        try:
            header, start = _struct(data, start, 0)
        except IndexError:
            raise ValueError("a page header is cut off") from None
        page = _page(header)
        yield page
        seen += 0 if page.dictionary else page.values
        start += page.packed


def _page(header: Struct) -> Page:
    kind, unpacked, packed = (_count(header.get(field)) for field in (1, 2, 3))
    inner = header.get({_DATA: 5, _DICTIONARY: 7, _DATA_V2: 8}.get(kind, 6), {})
    if not isinstance(inner, dict):
        raise ValueError("a page header without its kind")
    values = _count(inner.get(1, 0))
    encoding = inner.get(4 if kind == _DATA_V2 else 2)
    return Page(packed, unpacked, values, kind == _DICTIONARY, encoding == _DELTA_BYTE_ARRAY)


def _count(value: Any) -> int:
    if not isinstance(value, int) or value < 0:
        raise ValueError("a page header without sizes")
    return value


def _struct(data: Any, place: int, depth: int) -> tuple[Struct, int]:
    """Fields by their numbers, and the place behind the structure."""
    fields: Struct = {}
    number = 0
    while byte := data[place]:
        place += 1
        if byte >> 4:
            number += byte >> 4
        else:
            number, place = _signed(data, place)
        fields[number], place = _value(byte & 15, data, place, depth)
    return fields, place + 1


def _value(kind: int, data: Any, place: int, depth: int) -> tuple[Any, int]:
    if kind in (1, 2):  # true, false
        return kind == 1, place
    if kind in (4, 5, 6):  # integers of 16, 32 and 64 bits
        return _signed(data, place)
    if kind == 8:  # bytes, which nothing here looks at
        length, place = _unsigned(data, place)
        return None, place + length
    if kind == 12 and depth < _DEEPEST:
        return _struct(data, place, depth + 1)
    raise ValueError(f"a page header with a field of type {kind}")


def _unsigned(data: Any, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
    raise ValueError("a number of more than 64 bits in a page header")


def _signed(data: Any, place: int) -> tuple[int, int]:
    value, place = _unsigned(data, place)
    return (value >> 1) ^ -(value & 1), place
