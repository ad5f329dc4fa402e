"""A digest of a table's rows that does not depend on the file that holds them."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from benchmark_n.tables.arrow_columns import numbers, validity

Flags = NDArray[np.bool_]


class RowDigest:
    """SHA-256 over a table's rows, whatever wrote the file and however the rows were grouped.

    Each column has one running hash over its values (little endian; lengths, then bytes for text
    and lists) and one over which of them are null; the digest is over the columns' names, types
    and hashes.
    """

    def __init__(self, schema: Any) -> None:
        self._schema = schema
        self._hashes = {name: (hashlib.sha256(), hashlib.sha256()) for name in schema.names}

    def update(self, table: Any) -> None:
        """Take in more rows; many at a time cost less."""
        for name in self._schema.names:
            values, nulls = self._hashes[name]
            for block in table.column(name).chunks:
                valid = validity(block)
                nulls.update((~valid).view(np.uint8).data)
                values.update(_value_bytes(block, valid))

    def hexdigest(self) -> str:
        """The digest of all rows so far."""
        total = hashlib.sha256()
        for field in self._schema:
            values, nulls = self._hashes[field.name]
            line = f"{field.name} {field.type} {values.hexdigest()} {nulls.hexdigest()}\n"
            total.update(line.encode())
        return total.hexdigest()


def _value_bytes(block: Any, valid: Flags) -> bytes:
    """A column's values as bytes that do not depend on how it was cut; nulls count as zero."""
    kind = block.type
    if pa.types.is_string(kind):
        return _words(block)
    if pa.types.is_binary(kind):
        return _texts(block, valid)
    if pa.types.is_list(kind):
        return _lists(block, valid)
    if not valid.any() and _is_number(kind):
        return bytes(len(block) * (kind.bit_width + 7 >> 3))
    if _is_number(kind):
        values = np.where(valid, numbers(block), np.zeros((), numbers(block).dtype))
    else:
        values = block.fill_null(pa.scalar(0, kind)).to_numpy(zero_copy_only=False)
    dtype = values.dtype.newbyteorder("<")
    return values.astype(dtype, copy=False).tobytes()


def _is_number(kind: Any) -> bool:
    return any(
        is_so(kind) for is_so in (pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating)
    )


# Length and text of each value in turn: the stream is the same however it is cut.
def _words(block: Any) -> bytes:
    """Of texts, of which few differ."""
    coded = block.dictionary_encode(null_encoding="encode")
    texts = (b"" if word is None else word.encode() for word in coded.dictionary.to_pylist())
    words = [len(text).to_bytes(8, "little") + text for text in texts]
    return b"".join([words[place] for place in numbers(coded.indices).tolist()])


def _texts(block: Any, valid: Flags) -> bytes:
    if not valid.any():
        return bytes(8 * len(block))
    _, offsets, data = block.buffers()
    ends = np.frombuffer(offsets, np.int32)[block.offset : block.offset + len(block) + 1].tolist()
    text, null = memoryview(data), bytes(8)
    parts: list[bytes | memoryview] = []
    for there, start, end in zip(valid.tolist(), ends[:-1], ends[1:], strict=True):
        if there:
            parts += ((end - start).to_bytes(8, "little"), text[start:end])
        else:
            parts.append(null)
    return b"".join(parts)


def _lists(block: Any, valid: Flags) -> bytes:
    lengths = np.where(valid, numbers(pc.list_value_length(block)), 0).astype("<i8")
    values = numbers(block.flatten()).astype("<i8")  # those of nulls are left out
    return np.insert(values, np.cumsum(lengths) - lengths, lengths).tobytes()
