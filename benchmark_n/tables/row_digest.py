"""A digest of a table's rows that does not depend on the file that holds them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa


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
        """Take in more rows."""
        for name in self._schema.names:
            for block in table.column(name).chunks:
                values, nulls = self._hashes[name]
                nulls.update(block.is_null().to_numpy(zero_copy_only=False).tobytes())
                for part in _value_bytes(block):
                    values.update(part)

    def hexdigest(self) -> str:
        """The digest of all rows so far."""
        total = hashlib.sha256()
        for field in self._schema:
            values, nulls = self._hashes[field.name]
            line = f"{field.name} {field.type} {values.hexdigest()} {nulls.hexdigest()}\n"
            total.update(line.encode())
        return total.hexdigest()


def _value_bytes(block: Any) -> Iterable[bytes]:
    """A column's values as bytes that do not depend on how it was cut; nulls count as zero."""
    kind = block.type
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        # Length and text of each value in turn: the stream is the same however it is cut.
        for value in block.to_pylist():
            text = b"" if value is None else value.encode() if isinstance(value, str) else value
            yield len(text).to_bytes(8, "little") + text
    elif pa.types.is_list(kind):
        for value in block.to_pylist():
            numbers = np.array(value or (), "<i8")
            yield len(numbers).to_bytes(8, "little") + numbers.tobytes()
    else:
        zero = pa.scalar(False if pa.types.is_boolean(kind) else 0, kind)
        values = block.fill_null(zero).to_numpy(zero_copy_only=False)
        dtype = "u1" if pa.types.is_boolean(kind) else np.dtype(values.dtype).newbyteorder("<")
        yield values.astype(dtype, copy=False).tobytes()
