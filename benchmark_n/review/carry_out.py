"""What a decision does to an annotation's record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from benchmark_n.coco import CocoFile, Image
from benchmark_n.coco.annotation_masks import encode_mask, has_mask, measure, read_mask
from benchmark_n.coco.records import split_record
from benchmark_n.errors import InputError, annotation_fault
from benchmark_n.masks import Rle, SegmentationError, segmentation_to_rle
from benchmark_n.masks.rle import counts_to_runs
from benchmark_n.review.decision import ACCEPT, KEEP, REDRAW, RELABEL, REMOVE, Decision
from benchmark_n.review.items import Item, Review

Fields = dict[str, Any]


def carry_out(
    decision: Decision, item: Item, review: Review, coco: CocoFile, index: int | None
) -> tuple[Fields | None, Fields | None]:
    """The fields before and after, as `benchmark_n.review.audit.AuditEntry` keeps them.

    Parameters
    ----------
    index
        Position of the annotation in the file; None for a proposal.

    Raises
    ------
    InputError
        The decision lacks what its action takes, changes nothing, or its mask is none.
    """
    if decision.action == KEEP:
        return ({}, {}) if index is not None else (None, None)
    fields = {} if index is None else split_record(coco.annotations[index])
    if decision.action == REMOVE:
        if index is None:
            raise _fault(coco, decision, "is a proposal: not there to be removed, expected keep")
        return _plain(fields), None
    image = coco.images.get(item.image_id)
    if image is None:
        raise _fault(coco, decision, f"image {item.image_id} of the review is not in the file")
    category = _wanted_category(decision, item, review, coco)
    mask = _wanted_mask(decision, item, coco, image)
    if index is None:
        return None, _added(item, category, mask, image, coco)
    changes: Fields = {}
    if category is not None and category != item.given:
        changes["category_id"] = category
    if mask is not None and not _same_mask(fields, mask, image):
        changes |= _mask_fields(mask, _like(coco, fields.get("segmentation")))
    if not changes:
        raise _fault(
            coco, decision, "it changes nothing, expected another category or mask, or keep"
        )
    return _plain({name: fields[name] for name in changes if name in fields}), changes


def is_unchanged(decision: Decision, item: Item, coco: CocoFile, index: int | None) -> bool:
    """Whether it is a `redraw` whose mask is the given one, pixel by pixel."""
    image = coco.images.get(item.image_id)
    if decision.action != REDRAW or decision.segmentation is None or index is None or image is None:
        return False
    try:
        mask = segmentation_to_rle(decision.segmentation, image.height, image.width)
    except SegmentationError:
        return False
    return _same_mask(split_record(coco.annotations[index]), mask, image)


def kinds_corrected(action: str, before: Fields | None, after: Fields | None) -> frozenset[str]:
    """The kinds of error that a decision mends; none where the annotation is kept.

    ``class`` (another category), ``spatial`` (another mask; an annotation may be both),
    ``spurious`` (removed), ``missing`` (a proposal that is added).

    >>> kinds_corrected("relabel", {"category_id": 1}, {"category_id": 2})
    frozenset({'class'})
    """
    if action == KEEP:
        return frozenset()
    if before is None:
        return frozenset({"missing"})
    if after is None:
        return frozenset({"spurious"})
    kinds = {"class": "category_id", "spatial": "segmentation"}
    return frozenset(kind for kind, field in kinds.items() if field in after)


def _wanted_category(decision: Decision, item: Item, review: Review, coco: CocoFile) -> int | None:
    if decision.action == ACCEPT:
        if item.suggested_category is None and item.suggested_segmentation is None:
            raise _fault(coco, decision, "nothing is suggested, expected relabel, redraw or remove")
        return item.suggested_category
    if decision.action == REDRAW:
        return None
    if decision.category is None:
        raise _fault(coco, decision, "no category is given")
    ids = {label: i for i, label in review.labels.items()}
    if decision.category not in ids:
        raise _fault(coco, decision, f"category '{decision.category}' is not in the file")
    return ids[decision.category]


def _wanted_mask(decision: Decision, item: Item, coco: CocoFile, image: Image) -> Rle | None:
    if decision.action == RELABEL:
        return None
    accepted = decision.action == ACCEPT
    segmentation = item.suggested_segmentation if accepted else decision.segmentation
    if segmentation is None:
        if accepted:
            return None
        raise _fault(coco, decision, "no mask is given")
    try:
        rle = segmentation_to_rle(segmentation, image.height, image.width)
    except SegmentationError as error:
        raise _fault(coco, decision, str(error)) from None
    if not measure(rle)[0]:
        raise _fault(coco, decision, "the mask is empty, expected remove")
    return rle


def _added(
    item: Item, category: int | None, mask: Rle | None, image: Image, coco: CocoFile
) -> Fields:
    """The record of a proposal, with what the reviewer did not give as it is suggested."""
    if mask is None:
        try:
            mask = segmentation_to_rle(item.suggested_segmentation, image.height, image.width)
        except SegmentationError as error:
            raise InputError(f"{coco.path.name}: proposal {item.annotation_id}: {error}") from None
    return {
        "id": item.annotation_id,
        "image_id": item.image_id,
        "category_id": item.suggested_category if category is None else category,
        "iscrowd": 0,
        **_mask_fields(mask, _like(coco, None)),
    }


def _same_mask(fields: Mapping[str, msgspec.Raw], mask: Rle, image: Image) -> bool:
    try:
        return read_mask(fields, image.height, image.width) == mask
    except SegmentationError:
        return False


def _like(coco: CocoFile, old: msgspec.Raw | None) -> bytes:
    """The old segmentation, or where that is no mask the file's first that is one."""
    if old is not None and has_mask(old):
        return bytes(old)
    others = (split_record(record).get("segmentation") for record in coco.annotations)
    return next((bytes(raw) for raw in others if raw is not None and has_mask(raw)), b"{}")


def _mask_fields(mask: Rle, like: bytes) -> Fields:
    """Segmentation, area (px²) and box (px); the mask in the form of another segmentation."""
    area, bbox = measure(mask)
    other = msgspec.json.decode(like)
    polygons = isinstance(other, list) and not isinstance(other[0], dict)
    form = encode_mask(mask, "polygon" if polygons else "rle")
    if isinstance(other, dict) and isinstance(other.get("counts"), list):
        runs = counts_to_runs(mask["counts"]).tolist()
        form = {"size": mask["size"], "counts": runs}
    return {"segmentation": form, "area": area, "bbox": bbox}


def _plain(fields: Mapping[str, msgspec.Raw]) -> Fields:
    return {name: msgspec.json.decode(raw) for name, raw in fields.items()}


def _fault(coco: CocoFile, decision: Decision, fault: str) -> InputError:
    return annotation_fault(coco.path, decision.annotation_id, f"{decision.action}: {fault}")
