"""The scores table: what a detector says about each annotation, one row for each kind of error.

=======================  ==============  =================================================
column                   Arrow type      meaning
=======================  ==============  =================================================
image_id                 int64           id of the image
annotation_id            int64           id of the annotation; null for a missing instance
kind                     string          one of `KINDS`
score                    double          0 to 1; higher = more likely wrong
flagged                  bool            wrong, by the detector's own threshold
suggested_category       int64           category id, or null
suggested_segmentation   string          RLE as JSON ``{"size": [h, w], "counts": "…"}``, or null
=======================  ==============  =================================================

``class``: another category; ``spatial``: another mask; ``spurious``: nothing of the kind is there,
or an annotation too many. ``any`` is the maximum over these (`add_any`), or what a list of several
detectors makes of them. Rows of kind ``missing`` propose an instance that has no annotation: they
have no annotation id, but a segmentation. Of other rows a segmentation is of the suggested
category, or of the given one where the row suggests none.
Further columns are the detector's own, null in the rows of kind ``any``. Two of them have a meaning
that others read:

========  ============  =========================================================================
column    Arrow type    meaning
========  ============  =========================================================================
opinions  list<struct>  of kind ``class``: what models take it for (``model``, ``category`` id)
words     list<string>  what was found, in words
========  ============  =========================================================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmark_n.errors import InputError
from benchmark_n.files.parquet import read_parquet

VERSION = "1"
KINDS = ("class", "spatial", "spurious", "missing", "any")
_COLUMNS = {
    "image_id": pa.int64(),
    "annotation_id": pa.int64(),
    "kind": pa.string(),
    "score": pa.float64(),
    "flagged": pa.bool_(),
    "suggested_category": pa.int64(),
    "suggested_segmentation": pa.string(),
}
OPINIONS, WORDS = "opinions", "words"
_OPINIONS_TYPE = pa.list_(pa.struct([("model", pa.string()), ("category", pa.int64())]))
_NULLABLE = ("annotation_id", "suggested_category", "suggested_segmentation")


class Opinion(TypedDict):
    """What one of several models takes an annotation for: its name, and the category's id."""

    model: str
    category: int


def with_opinions(table: Any, opinions: Sequence[Sequence[Opinion] | None]) -> Any:
    """The table with a column of what each model says, in the order of its rows.

    >>> row = {"image_id": 1, "annotation_id": 7, "kind": "class", "score": 1, "flagged": True}
    >>> table = scores_table({name: [value] for name, value in row.items()})
    >>> with_opinions(table, [[Opinion(model="mine", category=3)]])["opinions"].to_pylist()
    [[{'model': 'mine', 'category': 3}]]
    """
    return table.append_column(OPINIONS, pa.array(opinions, _OPINIONS_TYPE))


def with_words(table: Any, words: Sequence[Sequence[str] | None]) -> Any:
    """The table with a column of what was found, in words, in the order of its rows."""
    return table.append_column(WORDS, pa.array(words, pa.list_(pa.string())))


def scores_schema(metadata: Mapping[str, str] | None = None) -> Any:
    """The Arrow schema of a scores table; `metadata` (detector, provenance) is kept in the file."""
    fields = [pa.field(name, kind) for name, kind in _COLUMNS.items()]
    return pa.schema(fields, metadata={"scores_version": VERSION, **(metadata or {})})


def scores_table(columns: Mapping[str, Any], metadata: Mapping[str, str] | None = None) -> Any:
    """A checked `pyarrow.Table` from columns (arrays or lists); nullable ones may be left out."""
    schema = scores_schema(metadata)
    length = len(columns["score"])
    arrays = [
        pa.array(columns[field.name], field.type)
        if field.name in columns
        else pa.nulls(length, field.type)
        for field in schema
    ]
    table = pa.Table.from_arrays(arrays, schema=schema)
    check_scores(table)
    return table


def check_scores(table: Any, name: str = "scores") -> None:
    """Raise `InputError` unless `table` is a scores table; `name` is what messages call it."""
    counts = [(table.column_names.count(column), column) for column in _COLUMNS]
    wrong = next(((count, column) for count, column in counts if count != 1), None)
    if wrong is not None:
        fault = "occurs twice" if wrong[0] else "is missing"
        raise InputError(f"{name}: column '{wrong[1]}' {fault}, expected {', '.join(_COLUMNS)}")
    for column, kind in _COLUMNS.items():
        found = table[column]
        if found.type not in (kind, pa.null()):
            raise InputError(f"{name}: column '{column}' is {found.type}, expected {kind}")
        if found.null_count and column not in _NULLABLE:
            nulls = found.null_count
            raise InputError(f"{name}: column '{column}' has {nulls} nulls, expected none")
    unknown = sorted(set(pc.unique(table["kind"]).to_pylist()) - set(KINDS))
    if unknown:
        raise InputError(f"{name}: kind is '{unknown[0]}', expected one of {', '.join(KINDS)}")
    _check_values(table, name)


def _check_values(table: Any, name: str) -> None:
    scores = table["score"].to_numpy()
    wrong = ~((scores >= 0) & (scores <= 1))
    if wrong.any():
        row = int(np.argmax(wrong))
        identity = table["annotation_id"][row].as_py()
        raise InputError(
            f"{name}: annotation {identity}: score is {scores[row]}, expected a number from 0 to 1"
        )
    missing = pc.equal(table["kind"], "missing").to_numpy(zero_copy_only=False)
    nameless = table["annotation_id"].is_null().to_numpy(zero_copy_only=False)
    if (missing != nameless).any():
        row = int(np.argmax(missing != nameless))
        raise InputError(
            f"{name}: row {row} of kind '{table['kind'][row]}' has annotation id "
            f"{table['annotation_id'][row]}, expected null for kind 'missing' and an id otherwise"
        )
    named = table.filter(pa.array(~nameless)).select(["annotation_id", "kind"])
    counts = named.group_by(["annotation_id", "kind"]).aggregate([([], "count_all")])
    twice = counts.filter(pc.greater(counts["count_all"], 1)).slice(0, 1).to_pylist()
    if twice:
        raise InputError(
            f"{name}: annotation {twice[0]['annotation_id']}: two rows of kind "
            f"'{twice[0]['kind']}', expected one"
        )


def add_any(table: Any) -> Any:
    """The table with a row of kind ``any`` for each annotation, in place of any it had.

    Its score is the maximum over the kinds, its flag is set where one is, and the suggestions are
    those of the kinds (a category comes from ``class``, a segmentation from ``spatial``).
    """
    table = table.filter(pc.not_equal(table["kind"], "any"))
    named = table.filter(pc.is_valid(table["annotation_id"]))
    most = ["score", "flagged", "suggested_category", "suggested_segmentation"]
    grouped = named.group_by(["image_id", "annotation_id"], use_threads=False).aggregate(
        [(column, "max") for column in most]
    )
    columns = {column: grouped[f"{column}_max"] for column in most}
    rows = {
        "image_id": grouped["image_id"],
        "annotation_id": grouped["annotation_id"],
        "kind": pa.array(["any"] * len(grouped), pa.string()),
        **columns,
    }
    added = pa.table({name: rows[name].cast(kind) for name, kind in _COLUMNS.items()})
    return pa.concat_tables([table, added], promote_options="default")


def read_scores(path: Path | str) -> Any:
    """Read and check a scores file (Parquet)."""
    path = Path(path)
    try:
        table = read_parquet(path)
    except (OSError, ValueError, pa.ArrowException) as error:
        fault = " ".join(str(error).split())
        raise InputError(f"{path}: cannot read the scores: {fault:.200}") from None
    check_scores(table, path.name)
    return table


def write_scores(table: Any, path: Path) -> None:
    """Write a scores table as Parquet."""
    pq.write_table(table, path, compression="zstd")
