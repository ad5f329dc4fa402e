"""The files of a Croissant card, and the columns of its tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmark_n.cards.facts import Artefact

_EXACT = 2**53
_ENCODINGS = {
    ".json": "application/json",
    ".parquet": "application/x-parquet",
    ".yaml": "application/yaml",
}


def file_object(mlc: Any, ctx: Any, file: Artefact) -> Any:
    """Croissant's ``FileObject``; `mlc` is the module, `ctx` its context."""
    return mlc.FileObject(
        ctx=ctx,
        id=file.path,
        name=file.path,
        description=file.meaning,
        content_url=file.path,
        content_size=f"{file.size} B",
        encoding_formats=[_ENCODINGS.get(Path(file.path).suffix, "text/plain")],
        sha256=file.sha256,
    )


def record_set(mlc: Any, ctx: Any, file: Artefact, roots: Sequence[Path]) -> Any:
    """Croissant's ``RecordSet`` of a table, which lies under one of `roots`."""
    name = Path(file.path).stem
    return mlc.RecordSet(
        ctx=ctx,
        id=name,
        name=name,
        description=file.meaning,
        fields=[
            mlc.Field(
                ctx=ctx,
                id=f"{name}/{field.name}",
                name=field.name,
                description=field.name.replace("_", " "),
                data_types=[_data_type(mlc, str(field.type))],
                source=mlc.Source(
                    ctx=ctx, file_object=file.path, extract=mlc.Extract(ctx=ctx, column=field.name)
                ),
            )
            for field in _fields(file.path, roots)
        ],
    )


def _fields(name: str, roots: Sequence[Path]) -> list[Any]:
    """The table's columns that Croissant's readers give back as they are.

    Left out are the original records, bytes for which there is no type, lists, and whole numbers
    beyond 2^53 with nulls among them (seeds), which those readers turn into floating point.
    """
    file = pq.ParquetFile(next(root / name for root in roots if (root / name).is_file()))
    return [
        field
        for index, field in enumerate(file.schema_arrow)
        if str(field.type) != "binary" and not pa.types.is_list(field.type)
        if _survives_floats(file.metadata, index)
    ]


def _survives_floats(metadata: Any, column: int) -> bool:
    groups = [metadata.row_group(i).column(column) for i in range(metadata.num_row_groups)]
    known = [group.statistics for group in groups if group.statistics is not None]
    nulls = any(statistics.null_count for statistics in known)
    largest = [
        abs(value)
        for statistics in known
        if groups[0].physical_type == "INT64" and statistics.has_min_max
        for value in (statistics.min, statistics.max)
    ]
    return not nulls or max(largest, default=0) <= _EXACT


def _data_type(mlc: Any, arrow: str) -> Any:
    kinds = {
        "int64": mlc.DataType.INTEGER,
        "double": mlc.DataType.FLOAT,
        "bool": mlc.DataType.BOOL,
        "string": mlc.DataType.TEXT,
    }
    return kinds[arrow]
