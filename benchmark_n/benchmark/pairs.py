"""A benchmark out of a real pair: clean annotations and somebody's noisy version of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pycocotools import mask as coco_mask
from scipy.optimize import linear_sum_assignment

from benchmark_n.benchmark.records import encode_record, masks_of, measure, size_bucket
from benchmark_n.benchmark.rows import Columns, box_columns
from benchmark_n.coco import CocoFile
from benchmark_n.coco.records import join_record, split_record
from benchmark_n.errors import InputError
from benchmark_n.masks import Rle, rle_to_crop
from benchmark_n.masks.boundary import boundary_distance, mask_and_boundary_iou

MATCHES = ("auto", "id", "iou")
_BATCH = 500


@dataclass(frozen=True)
class Pair:
    """A row to be: indices into the clean and the noisy file; one of them may be None."""

    clean: int | None
    noisy: int | None


def match_pairs(clean: CocoFile, noisy: CocoFile, how: str, least_iou: float) -> list[Pair]:
    """Match annotations by id, or by the assignment of greatest IoU within an image.

    ``"auto"`` goes by id where most noisy annotations have the id and image of a clean one.
    Clean ones come first in their own order, then what only the noisy file has.
    """
    _check_same_dataset(clean, noisy)
    by_id = _match_by_id(clean, noisy)
    if how == "id" or (how == "auto" and 2 * len(by_id) >= len(noisy)):
        partner = by_id
    else:
        partner = _match_by_iou(clean, noisy, least_iou)
    taken = set(partner.values())
    pairs = [Pair(i, partner.get(i)) for i in range(len(clean))]
    return pairs + [Pair(None, j) for j in range(len(noisy)) if j not in taken]


def _check_same_dataset(clean: CocoFile, noisy: CocoFile) -> None:
    for what, ours, theirs in (
        ("image", clean.images, noisy.images),
        ("category", clean.categories, noisy.categories),
    ):
        strange = next((identity for identity in theirs if identity not in ours), None)
        if strange is not None:
            raise InputError(
                f"{noisy.path.name}: {what} id {strange} is not in {clean.path.name}: "
                "expected two files about the same images and categories"
            )


def _match_by_id(clean: CocoFile, noisy: CocoFile) -> dict[int, int]:
    place = {identity: j for j, identity in enumerate(noisy.annotation_ids.tolist())}
    found = {}
    for i, identity in enumerate(clean.annotation_ids.tolist()):
        j = place.get(identity)
        if j is not None and noisy.image_ids[j] == clean.image_ids[i]:
            found[i] = j
    return found


def _match_by_iou(clean: CocoFile, noisy: CocoFile, least_iou: float) -> dict[int, int]:
    theirs = _groups(noisy)
    found: dict[int, int] = {}
    for group, ours in _groups(clean).items():
        others = theirs.get(group, [])
        if not others:
            continue
        masks = [masks_of(noisy, others), masks_of(clean, ours)]
        ious = coco_mask.iou(*masks, [0] * len(ours))
        rows, columns = linear_sum_assignment(ious, maximize=True)
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            if ious[row, column] >= least_iou:
                found[ours[column]] = others[row]
    return found


def _groups(coco: CocoFile) -> dict[tuple[int, bool], list[int]]:
    """Indices of the annotations of each image, crowds apart."""
    groups: dict[tuple[int, bool], list[int]] = {}
    keys = zip(coco.image_ids.tolist(), coco.crowd.tolist(), strict=True)
    for index, key in enumerate(keys):
        groups.setdefault(key, []).append(index)
    return groups


def pair_parts(
    clean: CocoFile, noisy: CocoFile, pairs: Sequence[Pair], ratio: float
) -> Iterator[tuple[list[bytes], Columns]]:
    """Noisy records, under the clean ids, and manifest rows; spurious ids go on above the rest."""
    next_id = int(clean.annotation_ids.max(initial=0)) + 1
    for start in range(0, len(pairs), _BATCH):
        rows, records = [], []
        for pair in pairs[start : start + _BATCH]:
            row, record = _row(clean, noisy, pair, next_id, ratio)
            next_id += pair.clean is None
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


def _row(
    clean: CocoFile, noisy: CocoFile, pair: Pair, spurious_id: int, ratio: float
) -> tuple[dict[str, Any], bytes | None]:
    row: dict[str, Any] = {
        "origin": "clean",
        "crowd": False,
        "deleted": pair.noisy is None,
        "annotation_id": spurious_id,
    }
    ours = theirs = record = None
    if pair.clean is not None:
        ours = masks_of(clean, [pair.clean])[0]
        row |= _side(clean, pair.clean, ours, "")
        row["crowd"] = bool(clean.crowd[pair.clean])
        row["annotation_id"] = int(clean.annotation_ids[pair.clean])
        row["size"] = size_bucket(row["area"])
    if pair.noisy is not None:
        theirs = masks_of(noisy, [pair.noisy])[0]
        row |= _side(noisy, pair.noisy, theirs, "noisy_")
        record = _rewritten(noisy, pair.noisy, theirs, row)
    if pair.clean is None:
        row["origin"] = "spurious"
    elif theirs is None or row["category_id"] != row["noisy_category_id"] or ours != theirs:
        row["clean_record"] = bytes(clean.annotations[pair.clean])
    if ours is not None and theirs is not None and not row["crowd"]:
        height, width = ours["size"]
        distance = boundary_distance(height, width, ratio)
        ious = mask_and_boundary_iou(rle_to_crop(ours), rle_to_crop(theirs), distance)
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
    if noisy.crowd[index]:
        return join_record(fields, {"id": row["annotation_id"]})
    return encode_record(
        fields,
        rle,
        row["noisy_category_id"],
        area=row["noisy_area"],
        bbox=row["noisy_bbox"],
        changes={"id": row["annotation_id"]},
    )
