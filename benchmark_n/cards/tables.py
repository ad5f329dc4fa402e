"""The table that goes with a card: the annotations as Parquet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmark_n.coco import CocoFile
from benchmark_n.coco.labels import category_labels

_CHUNK = 1 << 14
ANNOTATION_COLUMNS = (
    ("id", "int64", "annotation id"),
    ("image_id", "int64", "id of the image"),
    ("file_name", "string", "file of the image, which is not part of this dataset"),
    ("height", "int64", "height of the image, px"),
    ("width", "int64", "width of the image, px"),
    ("category_id", "int64", "category in the noisy file"),
    ("category", "string", "its name"),
    ("iscrowd", "bool", "a region of many instances"),
    ("area", "double", "area of the mask, px²"),
    *((f"bbox_{part}", "double", "box, px") for part in ("x", "y", "width", "height")),
    ("segmentation", "string", "mask as COCO writes it, in JSON: RLE or polygons"),
)


class _AnnotationRecord(msgspec.Struct):
    id: int | float
    image_id: int | float
    category_id: int | float
    segmentation: msgspec.Raw = msgspec.Raw(b"null")
    area: float | None = None
    bbox: list[float] | None = None


_decode = msgspec.json.Decoder(_AnnotationRecord)


def write_annotations(coco: CocoFile, path: Path) -> None:
    """The annotations as a Parquet file of `ANNOTATION_COLUMNS`, a row each, in file order."""
    schema = pa.schema([(name, pa.type_for_alias(kind)) for name, kind, _ in ANNOTATION_COLUMNS])
    with pq.ParquetWriter(path, schema, compression="zstd") as file:
        for table in _annotation_tables(coco, schema):
            file.write_table(table)


def _annotation_tables(coco: CocoFile, schema: Any) -> Iterator[Any]:
    labels = category_labels(coco.categories)
    for start in range(0, len(coco), _CHUNK):
        rows = slice(start, start + _CHUNK)
        records = [_decode.decode(raw) for raw in coco.annotations[rows]]
        images = [coco.images[i] for i in coco.image_ids[rows].tolist()]
        categories = coco.category_ids[rows].tolist()
        boxes = np.array([_box(record) for record in records], np.float64).reshape(-1, 4)
        columns = {
            "id": coco.annotation_ids[rows],
            "image_id": coco.image_ids[rows],
            "file_name": [image.file_name for image in images],
            "height": [image.height for image in images],
            "width": [image.width for image in images],
            "category_id": categories,
            "category": [labels[i] for i in categories],
            "iscrowd": coco.crowd[rows],
            "area": [record.area for record in records],
            **{f"bbox_{p}": boxes[:, i] for i, p in enumerate(("x", "y", "width", "height"))},
            "segmentation": [bytes(record.segmentation).decode() for record in records],
        }
        yield pa.table([pa.array(columns[f.name], f.type) for f in schema], schema=schema)


def _box(record: _AnnotationRecord) -> list[float]:
    return record.bbox if record.bbox is not None and len(record.bbox) == 4 else [np.nan] * 4
