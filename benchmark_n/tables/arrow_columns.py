"""Columns from Python to Arrow and from Arrow to numpy, by their buffers.

`pyarrow.array` and `to_numpy` import pandas where it is installed, a seventh of a second of every
start, to see whether they were given something of it. What goes through here never is.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence, Sized
from itertools import accumulate, chain
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def to_arrow(values: Sequence[Any], kind: Any) -> Any:
    """`pyarrow.array(values, kind)`, None for null.

    Parameters
    ----------
    values
        N values of Python; or an array of int64 or float64, a masked one with nulls.
    kind
        An Arrow type; all but bool, int64, double, string, binary and lists of int64 are left to
        `pyarrow.array`, and so are values of another type, for it to say what is wrong.

    Examples
    --------
    >>> to_arrow([3, None], pa.int64()).to_pylist()
    [3, None]
    """
    if isinstance(values, np.ndarray):
        if _KINDS.get(values.dtype) == kind:
            return _of_array(values, kind)
        values = values.tolist()
    count = len(values)
    if not count or (values[0] is None and values.count(None) == count):
        return pa.nulls(count, kind)
    convert, filling = _CONVERTERS.get(kind.id, (None, None))
    if convert is None or (pa.types.is_list(kind) and kind.value_type != pa.int64()):
        return pa.array(values, kind)
    bits, nulls = None, 0
    try:
        try:
            data, *children = convert(values)
        except TypeError:  # in most columns there are no nulls to look for
            valid = np.array([value is not None for value in values])
            bits = pa.py_buffer(np.packbits(valid, bitorder="little"))
            nulls = count - int(np.count_nonzero(valid))
            data, *children = convert([filling if v is None else v for v in values])
    except (TypeError, ValueError, OverflowError):
        return pa.array(values, kind)
    return pa.Array.from_buffers(kind, count, [bits, *data], nulls, children=children or None)


def _of_array(values: NDArray[Any], kind: Any) -> Any:
    """An array of numbers as it lies in memory; masked values are null."""
    mask = np.ma.getmask(values)
    if mask is np.ma.nomask:
        return pa.Array.from_buffers(
            kind, len(values), [None, pa.py_buffer(np.ascontiguousarray(values))]
        )
    data = np.where(mask, np.zeros((), values.dtype), np.ma.getdata(values))
    bits = pa.py_buffer(np.packbits(~mask, bitorder="little"))
    return pa.Array.from_buffers(kind, len(values), [bits, pa.py_buffer(data)], int(mask.sum()))


def to_scalar(value: bool | int | float | str) -> Any:
    """`pyarrow.scalar(value)`, which functions of `pyarrow.compute` call on what is none.

    >>> to_scalar(0.5).as_py()
    0.5
    """
    kinds = {bool: pa.bool_(), int: pa.int64(), float: pa.float64(), str: pa.string()}
    return to_arrow([value], kinds[type(value)])[0]


# What follows raises TypeError where there is None, or anything else of another type.
def _bools(values: Sequence[bool]) -> tuple[list[Any]]:
    found = np.frombuffer(bytes(values), np.uint8)
    if found.max() > 1:
        raise ValueError("a number, expected bool")
    return ([pa.py_buffer(np.packbits(found, bitorder="little"))],)


def _ints(values: Sequence[int]) -> tuple[list[Any]]:
    return ([pa.py_buffer(array("q", values))],)


def _floats(values: Sequence[float]) -> tuple[list[Any]]:
    return ([pa.py_buffer(array("d", values))],)


def _strings(values: Sequence[str]) -> tuple[list[Any]]:
    text = "".join(values)
    parts: Sequence[str | bytes] = values if text.isascii() else [v.encode() for v in values]
    return ([_offsets(parts), pa.py_buffer(text.encode())],)


def _bytes(values: Sequence[bytes]) -> tuple[list[Any]]:
    return ([_offsets(values), pa.py_buffer(b"".join(values))],)


def _lists(values: Sequence[Sequence[int]]) -> tuple[list[Any], Any]:
    return [_offsets(values)], to_arrow([*chain.from_iterable(values)], pa.int64())


def _offsets(values: Sequence[Sized]) -> Any:
    """Where each begins, and the last ends; OverflowError beyond 32 bits."""
    return pa.py_buffer(array("i", accumulate(map(len, values), initial=0)))


_KINDS = {np.dtype(np.int64): pa.int64(), np.dtype(np.float64): pa.float64()}
# By number of type: what makes its buffers and children, and what stands for null there.
_CONVERTERS: dict[int, tuple[Callable[[Any], Any], Any]] = {
    pa.bool_().id: (_bools, False),
    pa.int64().id: (_ints, 0),
    pa.float64().id: (_floats, 0.0),
    pa.string().id: (_strings, ""),
    pa.binary().id: (_bytes, b""),
    pa.list_(pa.int64()).id: (_lists, ()),
}


def validity(block: Any) -> NDArray[np.bool_]:
    """Which values of an array are not null, bool (N,)."""
    bits = block.buffers()[0]
    if bits is None or not block.null_count:
        return np.full(len(block), block.null_count == 0)
    return _bits(bits, block)


def numbers(block: Any) -> NDArray[Any]:
    """The values of an array of numbers or bool, (N,); what stands for nulls is undefined."""
    kind, data = block.type, block.buffers()[1]
    if pa.types.is_boolean(kind):
        return _bits(data, block)
    letter = "f" if pa.types.is_floating(kind) else "i" if pa.types.is_signed_integer(kind) else "u"
    dtype = np.dtype(f"{letter}{kind.bit_width // 8}")
    return np.frombuffer(data or b"", dtype)[block.offset : block.offset + len(block)]


def _bits(data: Any, block: Any) -> NDArray[np.bool_]:
    if data is None:
        return np.zeros(0, np.bool_)
    stop = block.offset + len(block)
    found = np.unpackbits(np.frombuffer(data, np.uint8), count=stop, bitorder="little")
    return found[block.offset :].view(np.bool_)


def to_numpy(column: Any) -> NDArray[Any]:
    """The values of a column of numbers or bool without nulls, (N,).

    Raises
    ------
    ValueError
        There are nulls.

    Examples
    --------
    >>> to_numpy(pa.chunked_array([[True], [False]])).tolist()
    [True, False]
    """
    if column.null_count:
        raise ValueError(f"{column.null_count} nulls, expected none")
    blocks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    blocks = blocks or [pa.nulls(0, column.type)]
    return np.concatenate([numbers(block) for block in blocks])
