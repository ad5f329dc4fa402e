"""The annotations that evidence is about, out of a COCO file."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from benchmark_n.coco import CocoFile
from benchmark_n.coco.annotation_masks import masks_of, measure
from benchmark_n.errors import InputError
from benchmark_n.evidence.evidence import Evidence, Ints


def annotation_evidence(coco: CocoFile) -> Evidence:
    """Evidence that holds the non-crowd annotations of a file alone.

    Raises
    ------
    InputError
        No annotations, or one whose mask cannot be read.
    """
    kept = np.flatnonzero(~coco.crowd)
    if not kept.size:
        raise InputError(f"{coco.path.name}: no annotations, expected some to look for errors in")
    masks = masks_of(coco, kept.tolist())
    category_ids = np.fromiter(coco.categories, np.int64, len(coco.categories))
    return Evidence(
        annotation_ids=coco.annotation_ids[kept],
        image_ids=coco.image_ids[kept],
        labels=category_index(category_ids, coco.category_ids[kept]),
        category_ids=category_ids,
        category_names=tuple(c.name or str(c.id) for c in coco.categories.values()),
        boxes=np.array([box for _, box in map(measure, masks)], np.int64).reshape(-1, 4),
        masks=tuple(masks),
    )


def category_index(category_ids: Ints, wanted: Ints) -> Ints:
    """Place of each wanted category in `category_ids`, int64."""
    order = np.argsort(category_ids)
    return np.asarray(order[np.searchsorted(category_ids, wanted, sorter=order)], np.int64)


def places_by_image(image_ids: Ints) -> dict[int, Ints]:
    """Image id to the places that it has in `image_ids`, int64, in order.

    >>> places_by_image(np.array([7, 5, 7]))
    {5: array([1]), 7: array([0, 2])}
    """
    order = np.argsort(image_ids, kind="stable")
    ids, starts = np.unique(image_ids[order], return_index=True)
    return dict(zip(ids.tolist(), np.split(order, starts[1:]), strict=False))


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
