"""Records and manifest rows of a matched pair of files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.benchmark.fields import split_annotation
from benchmark_n.benchmark.published_ids import PublishedIds
from benchmark_n.coco import CocoFile
from benchmark_n.coco.annotation_masks import encode_record, masks_of, measure, size_bucket
from benchmark_n.coco.joining import Pair
from benchmark_n.coco.records import join_record, split_record
from benchmark_n.masks import Rle, rle_to_crop
from benchmark_n.masks.boundary import boundary_distance, mask_and_boundary_iou
from benchmark_n.tables.manifest_schema import SOURCE, SPURIOUS, Columns, box_columns

_BATCH = 500


def pair_parts(
    clean: CocoFile, noisy: CocoFile, pairs: Sequence[Pair], ids: PublishedIds, ratio: float
) -> Iterator[tuple[list[bytes], Columns]]:
    """Noisy records and manifest rows, in the order of their published ids.

    `noisy` has the images and categories of `clean` (see `benchmark_n.coco.joining`).
    """
    published = _published(clean, noisy, pairs, ids)
    order = np.argsort(published)
    for start in range(0, len(pairs), _BATCH):
        rows, records = [], []
        places = order[start : start + _BATCH].tolist()
        part = [pairs[place] for place in places]
        clean_masks = iter(masks_of(clean, [p.clean for p in part if p.clean is not None]))
        noisy_masks = iter(masks_of(noisy, [p.noisy for p in part if p.noisy is not None]))
        for place, pair in zip(places, part, strict=True):
            clean_mask = None if pair.clean is None else next(clean_masks)
            noisy_mask = None if pair.noisy is None else next(noisy_masks)
            masks = clean_mask, noisy_mask
            row, record = _row(clean, noisy, pair, masks, int(published[place]), ratio)
            rows.append(row)
            records += [] if record is None else [record]
        columns = {name: [row.get(name) for row in rows] for row in rows for name in row}
        boxes = {p: columns.pop(p, [None] * len(rows)) for p in ("bbox", "noisy_bbox")}
        yield (
            records,
            columns
            | box_columns("bbox", boxes["bbox"])
            | box_columns("noisy_bbox", boxes["noisy_bbox"]),
        )


def _published(
    clean: CocoFile, noisy: CocoFile, pairs: Sequence[Pair], ids: PublishedIds
) -> NDArray[np.int64]:
    """Each pair's id: by the clean annotation's own, or by the noisy one's where it was added."""
    added = np.array([pair.clean is None for pair in pairs], np.bool_)
    published = np.empty(len(pairs), np.int64)
    clean_places = [pair.clean for pair in pairs if pair.clean is not None]
    noisy_places = [pair.noisy for pair in pairs if pair.clean is None and pair.noisy is not None]
    published[~added] = ids.of(clean.annotation_ids[clean_places])
    published[added] = ids.of_added(noisy.annotation_ids[noisy_places])
    return published


def _row(
    clean: CocoFile,
    noisy: CocoFile,
    pair: Pair,
    masks: tuple[Rle | None, Rle | None],
    identity: int,
    ratio: float,
) -> tuple[dict[str, Any], bytes | None]:
    row: dict[str, Any] = {
        "origin": SOURCE,
        "crowd": False,
        "deleted": pair.noisy is None,
        "annotation_id": identity,
        "noisy_category_id": None,
        "clean_record": None,
    }
    clean_mask, noisy_mask = masks
    record = None
    if pair.clean is not None and clean_mask is not None:
        row |= _side(clean, pair.clean, clean_mask, "")
        row["crowd"] = bool(clean.crowd[pair.clean])
        row["source_id"] = int(clean.annotation_ids[pair.clean])
        row["source_ids"] = [row["source_id"]]
        row["size"] = size_bucket(row["area"])
    if pair.noisy is not None and noisy_mask is not None:
        row |= _side(noisy, pair.noisy, noisy_mask, "noisy_")
        record = _rewritten(noisy, pair.noisy, noisy_mask, row)
    if pair.clean is None:
        row["origin"] = SPURIOUS
    elif (
        record is None
        or row["category_id"] != row["noisy_category_id"]
        or clean_mask != noisy_mask
        or split_annotation(clean.annotations[pair.clean])[1] != split_annotation(record)[1]
    ):
        row["clean_record"] = bytes(clean.annotations[pair.clean])
    if clean_mask is not None and noisy_mask is not None and not row["crowd"]:
        height, width = clean_mask["size"]
        distance = boundary_distance(height, width, ratio)
        ious = mask_and_boundary_iou(rle_to_crop(clean_mask), rle_to_crop(noisy_mask), distance)
        row["iou"], row["boundary_iou"] = ious
    return row, record


def _side(coco: CocoFile, index: int, rle: Rle, prefix: str) -> dict[str, Any]:
    area, bbox = measure(rle)
    return {
        "image_id": int(coco.image_ids[index]),
        f"{prefix}category_id": int(coco.category_ids[index]),
        f"{prefix}area": area,
        f"{prefix}bbox": bbox,
    }


def _rewritten(noisy: CocoFile, index: int, rle: Rle, row: dict[str, Any]) -> bytes:
    fields = split_record(noisy.annotations[index])
    changes = {"id": row["annotation_id"], "image_id": row["image_id"]}
    if noisy.crowd[index]:
        return join_record(fields, {**changes, "category_id": row["noisy_category_id"]})
    return encode_record(
        fields,
        rle,
        row["noisy_category_id"],
        area=row["noisy_area"],
        bbox=row["noisy_bbox"],
        changes=changes,
    )
