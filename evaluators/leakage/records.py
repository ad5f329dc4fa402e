"""The audit's input out of a manifest and the records that were published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import pyarrow.compute as pc

from benchmark_n.coco import CocoFile
from benchmark_n.coco.file import Buffer
from benchmark_n.coco.records import split_record
from benchmark_n.evaluators.leakage.published import AUDITED, PublishedAnnotations, Truth
from benchmark_n.tables.arrow_columns import to_numpy, to_scalar
from benchmark_n.tables.manifest_schema import SOURCE

# What the audit reads of a manifest.
COLUMNS = (
    "annotation_id",
    "image_id",
    "origin",
    "crowd",
    "category_id",
    "noisy_category_id",
    "deleted",
    "iou",
)
_ANNOTATION = frozenset(
    ("id", "image_id", "category_id", "segmentation", "bbox", "area", "iscrowd", "is_crowd")
)
# Of image records: names, addresses and sizes, which are the picture's own.
_IMAGE = frozenset(
    ("id", "width", "height", "file_name", "license", "coco_url", "flickr_url", "date_captured")
)
_decode = msgspec.json.decode


class RecordFields:
    """Further fields of annotation records, gathered as the records pass."""

    def __init__(self) -> None:
        self._count = 0
        self._values: dict[str, dict[int, Any]] = {}

    def add(self, records: Iterable[Buffer]) -> None:
        """Read the next records in the order of the file; those above `AUDITED` are left."""
        for record in records:
            if self._count == AUDITED:
                return
            fields = split_record(record)
            if not fields.keys() <= _ANNOTATION:
                for name in fields.keys() - _ANNOTATION:
                    self._values.setdefault(name, {})[self._count] = _decode(fields[name])
            self._count += 1

    def columns(self) -> dict[str, list[Any]]:
        """Field to the values of all records that were read, None where one lacks it."""
        return {
            name: [values.get(i) for i in range(self._count)]
            for name, values in sorted(self._values.items())
        }


def audit_input(
    manifest: Any,
    fields: Mapping[str, Sequence[Any]],
    images: Sequence[Mapping[str, Any]],
    categories: Sequence[Mapping[str, Any]],
) -> tuple[PublishedAnnotations, Truth]:
    """What was published, and the truth about it.

    Parameters
    ----------
    manifest
        Table with `COLUMNS`; the rows that are not deleted in the order of the file.
    fields
        As `RecordFields.columns` has them.
    images, categories
        The published records of these sections.
    """
    kept = manifest.filter(pc.invert(manifest["deleted"]))
    lost = manifest.filter(manifest["deleted"])
    published = PublishedAnnotations(
        ids=to_numpy(kept["annotation_id"]),
        image_ids=to_numpy(kept["image_id"]),
        category_ids=to_numpy(kept["noisy_category_id"]),
        crowd=to_numpy(kept["crowd"]),
        fields=fields,
        image_fields=_by_id(images, _IMAGE),
        category_names={int(record["id"]): str(record.get("name") or "") for record in categories},
        category_counts=_numbers(_by_id(categories, frozenset(("id",)))),
    )
    false = to_scalar(False)
    confused = pc.fill_null(pc.not_equal(kept["category_id"], kept["noisy_category_id"]), false)
    changed = pc.or_(
        pc.fill_null(pc.less(kept["iou"], to_scalar(1.0)), false),
        pc.not_equal(kept["origin"], to_scalar(SOURCE)),
    )
    return published, Truth(
        to_numpy(confused),
        to_numpy(changed),
        to_numpy(lost["annotation_id"]),
        to_numpy(lost["image_id"]),
        to_numpy(lost["category_id"]),
    )


def published_input(manifest: Any, coco: CocoFile) -> tuple[PublishedAnnotations, Truth]:
    """The same for a published file that lies on the disk.

    Examples
    --------
    >>> from benchmark_n import SourceOptions, make
    >>> benchmark = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard")
    >>> published, truth = published_input(benchmark.manifest(), benchmark.noisy())
    >>> len(published), int(truth.class_error.sum())
    (26, 12)
    """
    fields = RecordFields()
    fields.add(coco.annotations)
    return audit_input(
        manifest, fields.columns(), coco.section("images"), coco.section("categories")
    )


def _by_id(
    records: Sequence[Mapping[str, Any]], known: frozenset[str]
) -> dict[str, dict[int, Any]]:
    found: dict[str, dict[int, Any]] = {}
    for record in records:
        for name in record.keys() - known:
            found.setdefault(name, {})[int(record["id"])] = record[name]
    return dict(sorted(found.items()))


def _numbers(fields: Mapping[str, Mapping[int, Any]]) -> dict[str, dict[int, float]]:
    """The fields that hold nothing but whole numbers."""
    return {
        name: {identity: float(value) for identity, value in values.items()}
        for name, values in fields.items()
        if all(isinstance(value, int) and not isinstance(value, bool) for value in values.values())
    }
