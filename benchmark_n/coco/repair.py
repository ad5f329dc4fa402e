"""Mend the records of an annotation file, or refuse it for what would have to be mended."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
from pycocotools import mask as coco_mask

from benchmark_n.coco.file import CocoFile, Image
from benchmark_n.coco.reading import CLIPPED, KINDS, NO_AREA, Repairs
from benchmark_n.coco.records import join_record, split_record
from benchmark_n.errors import InputError, annotation_fault
from benchmark_n.files.json_yaml import JSON_FAULTS
from benchmark_n.masks import SegmentationError, rle_record, segmentation_to_rle
from benchmark_n.masks.segmentation import SHORT

_FEWEST = 6  # coordinates of a polygon


def repaired(coco: CocoFile) -> CocoFile:
    """The file with all of its annotations mended, some of them dropped.

    Raises
    ------
    InputError
        An annotation that nothing here can mend.
    """
    records, kept = [], []
    for place, raw in enumerate(coco.annotations):
        identity = int(coco.annotation_ids[place])
        try:
            fields = msgspec.json.decode(raw)
            changes = _changes(fields, coco.images[int(coco.image_ids[place])], identity, coco)
        except SegmentationError as error:
            raise annotation_fault(coco.path, identity, str(error)) from None
        except JSON_FAULTS as error:
            raise annotation_fault(coco.path, identity, f"cannot be read: {error}") from None
        if changes is not None:
            records.append(join_record(split_record(raw), changes) if changes else raw)
            kept.append(place)
    places = np.array(kept, np.intp)
    return replace(
        coco,
        sections={**coco.sections, "annotations": b"[" + b",".join(map(bytes, records)) + b"]"},
        annotations=records,
        annotation_ids=coco.annotation_ids[places],
        image_ids=coco.image_ids[places],
        category_ids=coco.category_ids[places],
        crowd=coco.crowd[places],
    )


def _changes(
    fields: dict[str, Any], image: Image, identity: int, coco: CocoFile
) -> dict[str, Any] | None:
    """What to put in the place of an annotation's fields; None to drop it."""
    given = fields.get("segmentation")
    changes = _box_changes(fields.get("bbox"), image, identity, coco.repairs)
    if given and _all_empty(given):
        coco.repairs.add(SHORT, identity)
        changes["segmentation"] = given = []
    if not given:  # no mask: the box is all there is
        if not _without_area(changes.get("bbox", fields.get("bbox"))):
            return changes
        coco.repairs.add(NO_AREA, identity)
        return None
    kept = _without_short(given)
    if kept != given:
        coco.repairs.add(SHORT, identity)
        changes["segmentation"] = kept
    notes: list[str] = []
    rle = segmentation_to_rle(kept, image.height, image.width, note=notes.append)
    area = int(coco_mask.area(rle))
    if not area:
        coco.repairs.add(NO_AREA, identity)
        return None
    for kind in notes:
        coco.repairs.add(kind, identity)
    if isinstance(kept, list) and _leaves(kept, image):
        coco.repairs.add(CLIPPED, identity)
        mask = rle_record(rle)
        box = coco_mask.toBbox(rle).tolist()
        changes |= {"segmentation": mask, "area": area, "bbox": box}
    return changes


def _without_short(segmentation: Any) -> Any:
    """The segmentation without its polygons of fewer than three points."""
    if not isinstance(segmentation, list):
        return segmentation
    return [p for p in segmentation if not (isinstance(p, list) and len(p) < _FEWEST)]


def _all_empty(segmentation: Any) -> bool:
    """Whether there are parts, but none with a point: no mask was drawn."""
    return isinstance(segmentation, list) and all(part == [] for part in segmentation)


def _without_area(box: Any) -> bool:
    return box is None or (_is_box(box) and min(box[2:]) <= 0)


def _leaves(polygons: list[Any], image: Image) -> bool:
    """Whether a polygon has a point beyond the image."""
    return any(
        min(p) < 0 or max(p[::2]) > image.width or max(p[1::2]) > image.height
        for p in polygons
        if isinstance(p, list)
    )


def _is_box(box: Any) -> bool:
    numbers = isinstance(box, list) and len(box) == 4
    return numbers and all(type(v) in (int, float) and math.isfinite(v) for v in box)


def _box_changes(box: Any, image: Image, identity: int, repairs: Repairs) -> dict[str, Any]:
    """The box as far as it lies in the image, where that is not all of it."""
    if not _is_box(box):
        return {}
    x, y, width, height = box
    if x >= 0 and y >= 0 and x + width <= image.width and y + height <= image.height:
        return {}
    left, top = min(max(x, 0), image.width), min(max(y, 0), image.height)
    right = min(max(x + width, left), image.width)
    bottom = min(max(y + height, top), image.height)
    repairs.add(CLIPPED, identity)
    return {"bbox": [left, top, right - left, bottom - top]}


def refuse_repairs(coco: CocoFile) -> None:
    """Refuse a file that is not read exactly as it stands.

    Raises
    ------
    InputError
        What is wrong with it: the first kind of fault, how often, and where first.
    """
    for place, raw in enumerate(coco.annotations):
        image = coco.images[int(coco.image_ids[place])]
        identity = int(coco.annotation_ids[place])
        try:
            _note_faults(msgspec.json.decode(raw), image, identity, coco.repairs)
        except SegmentationError as error:
            raise annotation_fault(coco.path, identity, str(error)) from None
        except JSON_FAULTS as error:
            raise annotation_fault(coco.path, identity, f"cannot be read: {error}") from None
    kinds = [kind for kind in KINDS if kind in coco.repairs.ids]
    if kinds:
        told = "; ".join(coco.repairs.line(kind) for kind in kinds)
        raise InputError(
            f"{coco.path.name}: {told}: refused by `strict`, `repair=True` mends what can be"
        )


def _note_faults(fields: dict[str, Any], image: Image, identity: int, repairs: Repairs) -> None:
    """Keep account of what a default reading makes of the record, and of masks without pixel."""
    given, notes = fields.get("segmentation"), list[str]()
    if given:
        rle = segmentation_to_rle(given, image.height, image.width, note=notes.append)
        empty = not coco_mask.area(rle)
    else:
        empty = _without_area(fields.get("bbox"))
    for kind in [*notes, *([NO_AREA] if empty else [])]:
        repairs.add(kind, identity)
