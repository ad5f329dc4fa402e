"""The manifest: what was done to every annotation, as Parquet with a digest of its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmark_n.errors import InputError
from benchmark_n.files.parquet import check_names, open_parquet, read_parquet
from benchmark_n.tables.arrow_columns import to_arrow, to_scalar
from benchmark_n.tables.manifest_schema import (
    ORIGINALS,
    ORIGINS,
    SOURCE,
    VERIFIED_COLUMNS,
    later_columns,
    manifest_schema,
    with_columns,
)
from benchmark_n.tables.older_manifests import of_now
from benchmark_n.tables.row_digest import RowDigest

_ROWS_IN_GROUP = 1 << 16
_NEVER_NULL = ("annotation_id", "image_id", "origin", "crowd", "deleted")
_KEYS = (*_NEVER_NULL, "source_id")
Rows = Mapping[str, Sequence[Any]]


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
            to_arrow(rows[field.name], field.type)
            if field.name in rows
            else pa.nulls(length, field.type)
            for field in self._schema
        ]
        self.append(pa.Table.from_arrays(columns, schema=self._schema))

    def append(self, table: Any) -> None:
        """Append the rows of a table of the manifest's schema."""
        self._pending.append(table)
        self._count += len(table)
        while self._count >= _ROWS_IN_GROUP:
            self._flush(_ROWS_IN_GROUP)

    def _flush(self, count: int) -> None:
        table = pa.concat_tables(self._pending)
        group = table.slice(0, count).combine_chunks()
        self._digest.update(group)
        self._file.write_table(group, row_group_size=count)
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
        """Digest of all rows, once the file is closed."""
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


def keeps_source_ids(path: Path) -> bool:
    """Whether it is of schema 1, whose annotations are published under the source's ids.

    Raises
    ------
    InputError
        No such file, or a damaged one.
    """
    with _named_faults(path):
        return "source_id" in later_columns(pq.read_schema(path))


def read_manifest(path: Path, columns: Sequence[str] | None = None) -> Any:
    """The manifest as a `pyarrow.Table`; by default all columns but those of `ORIGINALS`.

    One of schema 1 gets the column ``source_id``: its ``annotation_id`` but of spurious ones; one
    of schema 1 or 2 ``source_ids`` from it, and ``source`` for the origin ``clean``. A column of
    `VERIFIED_COLUMNS` that is named, but not there, is null.

    Raises
    ------
    InputError
        No such file, a damaged one, or a table that is no manifest.
    """
    with _named_faults(path):
        file = pq.ParquetFile(path)
        _check_rows(path, file)
        check_names(file.schema_arrow)
        _check_columns(path, file.schema_arrow)
        later = later_columns(file.schema_arrow)
        known = dict.fromkeys(
            ["annotation_id", "source_id", "source_ids", *file.schema_arrow.names]
        )
        named = [name for name in known if name not in ORIGINALS]
        wanted = named if columns is None else list(columns)
        keys = read_parquet(path, [name for name in _KEYS if name not in later])
        unknown = {name for name, _, _ in VERIFIED_COLUMNS} - set(file.schema_arrow.names)
        table = read_parquet(path, [name for name in wanted if name not in {*later, *unknown}])
    if later:
        keys, table = of_now(path, keys, table, later)
    table = with_columns(table, {*wanted} & {*later, *unknown} - {"source_id", "source_ids"})
    lacking = next((name for name in wanted if name not in table.column_names), None)
    if lacking is not None:
        raise InputError(f"{path.name}: column '{lacking}' is missing")
    _check_keys(path, keys)
    return table.select(wanted)


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
    later = later_columns(schema)
    for field in (field for field in manifest_schema() if field.name not in later):
        if schema.names.count(field.name) != 1:
            raise InputError(f"{path.name}: not one column '{field.name}', expected a manifest")
        kind = schema.field(field.name).type
        if kind != field.type:
            raise InputError(f"{path.name}: column '{field.name}' is {kind}, expected {field.type}")


def _check_keys(path: Path, keys: Any) -> None:
    for name in _NEVER_NULL:
        if keys[name].null_count:
            raise InputError(f"{path.name}: column '{name}' has an empty value")
    for name in ("annotation_id", "source_id"):
        if pc.count_distinct(keys[name]).as_py() != len(keys) - keys[name].null_count:
            raise InputError(f"{path.name}: a value of {name} occurs twice, expected unique ids")
    strange = set(pc.unique(keys["origin"]).to_pylist()) - set(ORIGINS)
    if strange:
        raise InputError(
            f"{path.name}: origin is '{min(strange):.40}', expected one of {', '.join(ORIGINS)}"
        )
    if not pc.is_null(keys["source_id"]).equals(pc.not_equal(keys["origin"], to_scalar(SOURCE))):
        raise InputError(f"{path.name}: column 'source_id' is not null for added annotations alone")
