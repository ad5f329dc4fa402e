"""The manifest: what was done to every annotation, as Parquet with a digest of its rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmark_n.errors import InputError
from benchmark_n.files.parquet import open_parquet, read_parquet
from benchmark_n.tables.manifest_schema import manifest_schema

_ROWS_IN_GROUP = 1 << 16
_NEVER_NULL = ("annotation_id", "image_id", "origin", "crowd", "deleted")
Rows = Mapping[str, Sequence[Any]]


class RowDigest:
    """SHA-256 over a table's rows, whatever wrote the file and however the rows were grouped.

    Each column has one running hash over its values (little endian; lengths, then bytes for text)
    and one over which of them are null; the digest is over the columns' names, types and hashes.
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
    else:
        zero = pa.scalar(False if pa.types.is_boolean(kind) else 0, kind)
        values = block.fill_null(zero).to_numpy(zero_copy_only=False)
        dtype = "u1" if pa.types.is_boolean(kind) else np.dtype(values.dtype).newbyteorder("<")
        yield values.astype(dtype, copy=False).tobytes()


class ManifestWriter:
    """Writes rows in groups of fixed size, so that equal rows give equal files."""

    def __init__(self, path: Path, schema: Any) -> None:
        self._schema = schema
        self._digest = RowDigest(schema)
        self._pending: list[Any] = []
        self._count = 0
        self._file = pq.ParquetWriter(path, schema, compression="zstd")

    def __enter__(self) -> Self:
        return self

    def write(self, rows: Rows) -> None:
        """Append rows, given as columns of equal length; columns left out are null."""
        length = len(next(iter(rows.values())))
        if not length:
            return
        columns = [
            pa.array(rows[field.name], field.type)
            if field.name in rows
            else pa.nulls(length, field.type)
            for field in self._schema
        ]
        table = pa.Table.from_arrays(columns, schema=self._schema)
        self._digest.update(table)
        self._pending.append(table)
        self._count += length
        while self._count >= _ROWS_IN_GROUP:
            self._flush(_ROWS_IN_GROUP)

    def _flush(self, count: int) -> None:
        table = pa.concat_tables(self._pending)
        self._file.write_table(table.slice(0, count).combine_chunks(), row_group_size=count)
        self._pending = [table.slice(count)]
        self._count -= count

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None and self._count:
            self._flush(self._count)
        self._file.close()

    @property
    def digest(self) -> str:
        """Digest of the rows written so far."""
        return self._digest.hexdigest()


def rows_digest(path: Path) -> str:
    """The digest of a manifest file's rows, read group by group.

    Raises
    ------
    InputError
        No such file, or a damaged one.
    """
    file = open_manifest(path)
    with _named_faults(path):
        digest = RowDigest(file.schema_arrow)
        for group in range(file.num_row_groups):
            digest.update(file.read_row_group(group))
    return digest.hexdigest()


def open_manifest(path: Path, columns: Sequence[str] | None = None) -> Any:
    """A manifest as a `pyarrow.parquet.ParquetFile`, to be read one row group after the other.

    Raises
    ------
    InputError
        No such file, or one whose row groups are too large.
    """
    with _named_faults(path):
        file = open_parquet(path, columns, by_group=True)
        _check_rows(path, file)
    return file


def manifest_version(path: Path) -> str | None:
    """The version of the columns that a manifest file says it has.

    Raises
    ------
    InputError
        No such file, or a damaged one.
    """
    with _named_faults(path):
        said = (pq.read_schema(path).metadata or {}).get(b"manifest_version")
    return None if said is None else said.decode(errors="replace")


def read_manifest(path: Path, columns: Sequence[str] | None = None) -> Any:
    """The manifest as a `pyarrow.Table`; all columns but by default not the clean records.

    Raises
    ------
    InputError
        No such file, a damaged one, or a table that is no manifest.
    """
    with _named_faults(path):
        file = pq.ParquetFile(path)
        _check_rows(path, file)
        _check_columns(path, file.schema_arrow)
        names = [n for n in file.schema_arrow.names if n != "clean_record"]
        wanted = list(columns) if columns is not None else names
        keys = read_parquet(path, _NEVER_NULL)
        table = read_parquet(path, wanted)
    lacking = next((name for name in wanted if name not in table.column_names), None)
    if lacking is not None:
        raise InputError(f"{path.name}: column '{lacking}' is missing")
    _check_keys(path, keys)
    return table


def _check_rows(path: Path, file: Any) -> None:
    """Rows have ids, which take a byte or more."""
    rows, size = file.metadata.num_rows, path.stat().st_size
    if rows > size:
        raise ValueError(f"{rows} rows in a file of {size} bytes")


@contextmanager
def _named_faults(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        fault = " ".join(str(error).split())
        raise InputError(f"{path.name}: cannot read the manifest: {fault:.200}") from None


def _check_columns(path: Path, schema: Any) -> None:
    for field in manifest_schema():
        if schema.names.count(field.name) != 1:
            raise InputError(f"{path.name}: not one column '{field.name}', expected a manifest")
        kind = schema.field(field.name).type
        if kind != field.type:
            raise InputError(f"{path.name}: column '{field.name}' is {kind}, expected {field.type}")


def _check_keys(path: Path, keys: Any) -> None:
    for name in _NEVER_NULL:
        if keys[name].null_count:
            raise InputError(f"{path.name}: column '{name}' has an empty value")
    if len(pc.unique(keys["annotation_id"])) != len(keys):
        raise InputError(f"{path.name}: an annotation id occurs twice, expected unique ids")
