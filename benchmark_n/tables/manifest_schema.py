"""The manifest's columns: one row for each clean annotation, and for each added one.

The version is part of the Parquet file's metadata and changes when a column does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

import pyarrow as pa

VERSION = "3"
BOX_PARTS = ("x", "y", "width", "height")
MASK, BOX = "mask", "box"
# Where a row comes from: an annotation of the source, one that the annotator added, several that
# were drawn as one, and what is left of one that was drawn in pieces.
SOURCE, SPURIOUS, MERGED, SPLIT = "source", "spurious", "merged", "split"
ORIGINS = (SOURCE, SPURIOUS, MERGED, SPLIT)
# Annotations too many: no clean annotation is theirs.
EXTRA = (SPURIOUS, SPLIT)

_BASE: tuple[tuple[str, str, str], ...] = (
    ("annotation_id", "int64", "id in the noisy file, or that it would have there"),
    ("source_id", "int64", "id in the clean file; null for added ones"),
    ("source_ids", "list<int64>", "ids in the clean file of what it was drawn from, ascending"),
    ("image_id", "int64", "id of the image"),
    ("origin", "string", "source; spurious, merged or split for an added one"),
    ("crowd", "bool", "an iscrowd annotation: passed through untouched"),
    ("category_id", "int64", "clean category; null for spurious and split ones"),
    ("noisy_category_id", "int64", "category in the noisy file; null where deleted"),
    ("deleted", "bool", "not in the noisy file"),
    ("area", "int64", "clean mask, of a merged one its largest part, px²; null as category"),
    ("noisy_area", "int64", "noisy mask, px²; null where deleted"),
    *((f"bbox_{part}", "int64", "clean mask's box, px") for part in BOX_PARTS),
    *((f"noisy_bbox_{part}", "int64", "noisy mask's box, px") for part in BOX_PARTS),
    ("size", "string", "small (< 32²), medium (< 96²) or large, by the clean area"),
    ("iou", "double", "clean against noisy mask; null for crowds, where deleted, as category"),
    ("boundary_iou", "double", "clean against noisy boundary; null as for iou"),
)
_LAST = (
    ("clean_record", "binary", "original JSON of a changed or deleted annotation, else null"),
    ("withheld", "binary", "JSON of fields that are not published; null: none, or as clean_record"),
)
# Of originals: long, and read where they are asked for alone.
ORIGINALS = tuple(name for name, _, _ in _LAST)
# Of a file in which annotations have no mask, but a box; `extra` of its schema.
BOX_COLUMNS: tuple[tuple[str, str, str], ...] = (
    (
        "measured_on",
        "string",
        "mask, or box for an annotation without one: iou is then that of the boxes, the others of "
        "mask are its box in whole pixels, and boundary_iou is null",
    ),
    *((f"box_{part}", "double", "clean box, px; null with a mask") for part in BOX_PARTS),
    *((f"noisy_box_{part}", "double", "noisy box, px; null as for box") for part in BOX_PARTS),
)

# Of a benchmark whose maker was told which annotations are verified; `extra` of its schema. A
# manifest without it says nothing of that: it is read as null.
VERIFIED_COLUMNS: tuple[tuple[str, str, str], ...] = (
    (
        "verified",
        "bool",
        "somebody beyond the annotator confirmed the clean category and mask; null: not known",
    ),
)


# Of lists of ids; its element is called as Parquet calls it.
IDS = pa.list_(pa.field("element", pa.int64()))


class NoiseColumns(Protocol):
    """What the schema has to know of a noise."""

    @property
    def name(self) -> str: ...

    @property
    def columns(self) -> Mapping[str, str]: ...


def describe(noises: Iterable[NoiseColumns] = ()) -> list[tuple[str, str, str]]:
    """(name, Arrow type, meaning) of each column of a manifest with these noises."""
    rows = list(_BASE)
    for noise in noises:
        rows.append((f"{noise.name}_applied", "bool", f"{noise.name} was applied"))
        rows.append((f"{noise.name}_reason", "string", "why it was drawn but not applied, or null"))
        rows += [
            (f"{noise.name}_{column}", kind, f"drawn {column} of {noise.name}; null if not drawn")
            for column, kind in noise.columns.items()
        ]
    return [*rows, *_LAST]


def manifest_schema(
    noises: Iterable[NoiseColumns] = (),
    *,
    metadata: Mapping[str, str] | None = None,
    extra: Iterable[tuple[str, str, str]] = (),
) -> Any:
    """The Arrow schema of a manifest.

    Parameters
    ----------
    noises
        Noises of the recipe; each adds ``<noise>_applied``, ``<noise>_reason`` and its draws.
    metadata
        Added to the version under which the schema is read again.
    extra
        Further columns (name, type, meaning), such as a weak annotator's prompts.
    """
    described = describe(noises)
    columns = [*described[: -len(_LAST)], *extra, *_LAST]
    fields = [pa.field(name, _arrow_type(kind)) for name, kind, _ in columns]
    return pa.schema(fields, metadata={"manifest_version": VERSION, **(metadata or {})})


def _arrow_type(kind: str) -> Any:
    return IDS if kind == "list<int64>" else pa.type_for_alias(kind)


def later_columns(schema: Any) -> tuple[str, ...]:
    """Columns that came after the version of a manifest of this schema."""
    stated = (schema.metadata or {}).get(b"manifest_version", VERSION.encode())
    later = {b"1": ("source_id", "withheld", "source_ids"), b"2": ("source_ids",)}
    return tuple(name for name in later.get(stated, ()) if name not in schema.names)


def with_columns(table: Any, names: Collection[str]) -> Any:
    """A manifest's table with these of its base columns or `VERIFIED_COLUMNS`, empty."""
    for field in manifest_schema(extra=VERIFIED_COLUMNS):
        if field.name in names:
            table = table.append_column(field, pa.nulls(len(table), field.type))
    return table


Columns = dict[str, list[Any]]


def box_columns(prefix: str, boxes: Sequence[Sequence[float] | None]) -> Columns:
    """Four columns of a list of boxes [x, y, width, height] (px); None is null."""
    parts = zip(*(box or (None,) * 4 for box in boxes), strict=True)
    return {f"{prefix}_{name}": list(part) for name, part in zip(BOX_PARTS, parts, strict=True)}
