"""The annotations that evidence is about, out of a COCO file."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile
from benchmark_n.coco.annotation_masks import masks_of, measure
from benchmark_n.coco.boxes import box_mask, box_of
from benchmark_n.coco.crowds import check_crowds
from benchmark_n.coco.labels import category_labels
from benchmark_n.coco.lacking_masks import with_masks
from benchmark_n.errors import InputError
from benchmark_n.evidence.evidence import Evidence, Ints
from benchmark_n.masks import Rle


def annotation_evidence(coco: CocoFile) -> Evidence:
    """Evidence that holds the non-crowd annotations of a file alone.

    An annotation without a mask has its box in the place of one, filled.

    Raises
    ------
    InputError
        No annotations, none but crowds, or one whose mask or box cannot be read.
    """
    check_crowds(coco)
    kept = np.flatnonzero(~coco.crowd)
    if not kept.size:
        raise InputError(f"{coco.path.name}: no annotations, expected some to look for errors in")
    masked = with_masks(coco)[kept]
    masks, boxes = _regions(coco, kept, masked)
    coco.repairs.tell(coco.path.name)
    category_ids = np.fromiter(coco.categories, np.int64, len(coco.categories))
    return Evidence(
        annotation_ids=coco.annotation_ids[kept],
        image_ids=coco.image_ids[kept],
        labels=category_index(category_ids, coco.category_ids[kept]),
        category_ids=category_ids,
        category_names=tuple(category_labels(coco.categories).values()),
        boxes=np.array(boxes, np.int64).reshape(-1, 4),
        masks=tuple(masks),
        without_mask=np.flatnonzero(~masked),
    )


def _regions(
    coco: CocoFile, kept: Ints, masked: NDArray[np.bool_]
) -> tuple[list[Rle], list[list[int]]]:
    """Masks and boxes (px) of the annotations at `kept`, which have a mask where `masked`."""
    found = iter(masks_of(coco, kept[masked].tolist()))
    masks, boxes = [], []
    for index, has in zip(kept.tolist(), masked.tolist(), strict=True):
        if has:
            rle = next(found)
            box = measure(rle)[1]
        else:
            image = coco.images[int(coco.image_ids[index])]
            given = box_of(coco, index)
            rle, box = box_mask(given, image.height, image.width), given.measured[1]
        masks.append(rle)
        boxes.append(box)
    return masks, boxes


def category_index(category_ids: Ints, wanted: Ints) -> Ints:
    """Place of each wanted category in `category_ids`, int64."""
    order = np.argsort(category_ids)
    return np.asarray(order[np.searchsorted(category_ids, wanted, sorter=order)], np.int64)


def image_groups(coco: CocoFile, image_ids: Ints, group_by: str | None) -> tuple[Ints, str]:
    """Group of each annotation for K-fold splits, int64 (N,), and the field it comes from.

    Without `group_by` it is the image record's ``patient`` or ``sequence`` where it has one, else
    the image.

    Raises
    ------
    InputError
        An image record without the field that `group_by` names.
    """
    records = {record["id"]: record for record in coco.section("images")}
    used = [records[i] for i in dict.fromkeys(image_ids.tolist())]
    name = group_by or next(
        (field for field in ("patient", "sequence") if all(field in r for r in used)), "id"
    )
    lacking = next((record["id"] for record in used if name not in record), None)
    if lacking is not None:
        raise InputError(
            f"{coco.path.name}: image {lacking} has no field '{name}' to group the folds by: a "
            "field of the source that is withheld has to be passed on by `keep_fields`"
        )
    values = {record["id"]: str(record[name]) for record in used}
    return _codes(values[i] for i in image_ids.tolist()), "image" if name == "id" else name


def _codes(values: Iterable[str]) -> Ints:
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(value, len(numbers)) for value in values], np.int64)
