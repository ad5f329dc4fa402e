"""Manifest rows of weak annotations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pyarrow as pa

from benchmark_n.coco.annotation_masks import size_bucket
from benchmark_n.tables.manifest_schema import BOX_PARTS, ORIGINALS, SOURCE, manifest_schema

Row = dict[str, Any]
Measured = tuple[int, list[int]]


@dataclass(frozen=True)
class WeakColumns:
    """Weak annotations as the manifest's schema sees a noise: columns after ``weak_``.

    ``weak_applied`` says that the mask is the model's; ``weak_reason`` why it is not: the clean
    mask is empty (``empty_mask``), or the annotation is missed, because the model gave no pixel
    (``empty_prediction``), the name was not found (``not_detected``), the benchmark that the
    prompts come from has deleted it (``no_prompt``), or its image cannot be read (``bad_image``).
    """

    name: ClassVar[str] = "weak"
    columns: ClassVar[Mapping[str, str]] = {
        "prompt": "string",
        "text": "string",
        "x": "double",
        "y": "double",
        **{f"box_{part}": "double" for part in BOX_PARTS},
        "corner": "string",
        "box_score": "double",
        "model": "string",
        "revision": "string",
        "score": "double",
        "edge_ratio": "double",
    }


def shard_schema() -> Any:
    """Columns of a shard: the manifest's as far as they are known, and what leads to the files.

    ``place`` is the annotation's index in the clean file (null for spurious ones), ``record`` the
    noisy annotation (null where it is missed), ``fault`` why the image could not be read.
    """
    later = ("annotation_id", *ORIGINALS)
    fields = [field for field in manifest_schema([WeakColumns()]) if field.name not in later]
    more = [("place", pa.int64()), ("record", pa.binary()), ("fault", pa.string())]
    return pa.schema([*fields, *(pa.field(name, kind) for name, kind in more)])


def clean_columns(source_id: int, image_id: int, category_id: int, clean: Measured) -> Row:
    """What the row of an annotation says of its clean version."""
    area, box = clean
    return {
        "source_id": source_id,
        "source_ids": [source_id],
        "image_id": image_id,
        "origin": SOURCE,
        "crowd": False,
        "category_id": category_id,
        "deleted": False,
        "area": area,
        **box_row("bbox", box),
        "size": size_bucket(area),
        "weak_applied": False,
    }


def noisy_columns(category_id: int, noisy: Measured) -> Row:
    """What the row of an annotation says of its noisy version."""
    area, box = noisy
    return {
        "noisy_category_id": category_id,
        "noisy_area": area,
        **box_row("noisy_bbox", box),
    }


def box_row(prefix: str, box: list[int]) -> Row:
    """A box [x, y, width, height] (px) as four values."""
    return {f"{prefix}_{part}": value for part, value in zip(BOX_PARTS, box, strict=True)}
