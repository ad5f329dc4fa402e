"""FiftyOne: COCO JSON that its COCO importer reads, with the review's fields as attributes.

The importer takes every field of ``attributes`` as an attribute of the label; the exporter writes
them back as fields of the annotation itself, and numbers annotations and categories anew. So
decisions are found by ``annotation_id`` and categories by name, and a mask is taken only where the
reviewer says that it was redrawn. The exporter traces masks as polygons, by a tolerance of 2 px,
but those of labels with ``iscrowd``, which it writes as they are: here all have it. It rounds down
where a mask lies, a share of the image's sides: boxes lie a thousandth of a pixel further on, or
masks would move by one. Exports of CVAT and Datumaro in COCO format are read as well.

A review is loaded with ``label_types="segmentations"``: the importer's default makes two fields of
each label, of which the exporter, unless ``label_field`` names another, takes the first, without
masks, whichever was edited. So a label says whether it had a mask, and one that lost it is refused.

References
----------
.. [1] FiftyOne, ``fiftyone.utils.coco``: COCODetectionDatasetImporter and -Exporter.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from benchmark_n.errors import InputError
from benchmark_n.masks import CropMask, crop_to_rle, rle_record
from benchmark_n.review.decision import UNDECIDED, Decision, make_decision
from benchmark_n.review.items import Review
from benchmark_n.review.shown import GIVEN, SUGGESTED, Shown, describe

FILE = "labels.json"
_MASKED = "masked"
_NUDGE = 2**-10  # px
_EMPTY = {"decision": UNDECIDED, "who": "", "when": "", "why": ""}


def write(folder: Path, review: Review, shown: list[Shown]) -> None:
    """Write ``labels.json``; the importer takes the images' folder as its ``data_path``."""
    images = {one.image.id: one for one in shown}
    annotations: list[dict[str, Any]] = []
    for one in shown:
        annotations += _annotations(review, one, len(annotations) + 1)
    document = {
        "info": {"description": "review"},
        "images": [
            {"id": i, "file_name": o.file_name, "width": o.image.width, "height": o.image.height}
            for i, o in images.items()
        ],
        "categories": [{"id": i, "name": label} for i, label in review.labels.items()],
        "annotations": annotations,
    }
    (folder / FILE).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _annotations(review: Review, one: Shown, start: int) -> list[dict[str, Any]]:
    described = describe(review, one.item)
    # The importer would take a field "score" as the label's confidence.
    score = described.pop("score")
    described = {**described, "flag_score": score, **_EMPTY}
    item = one.item
    other = item.given if item.suggested_category is None else item.suggested_category
    # Of a proposal the suggested mask is the one to decide on.
    shapes = [] if item.proposal else [(GIVEN, one.given, item.given)]
    if one.suggested is not None:
        shapes.append((GIVEN if item.proposal else SUGGESTED, one.suggested, other))
    made: list[dict[str, Any]] = []
    for role, mask, category in shapes:
        record = {
            "id": start + len(made),
            "image_id": one.image.id,
            "category_id": category,
            "bbox": [0, 0, 0, 0] if mask is None else _box(mask),
            "area": 0 if mask is None else mask.area,
            "iscrowd": 1,
            "attributes": {**described, "role": role, _MASKED: mask is not None},
        }
        if mask is not None:
            record["segmentation"] = _segmentation(mask)
        made.append(record)
    return made


def _box(mask: CropMask) -> list[float]:
    x, y, width, height = mask.bbox
    return [x + _NUDGE, y + _NUDGE, width, height]


def _segmentation(mask: CropMask) -> Any:
    """RLE: exact, and what the importer decodes with pycocotools."""
    rle = crop_to_rle(mask)
    return rle_record(rle)


def read(path: Path) -> list[Decision]:
    """The decisions of a COCO file.

    Raises
    ------
    InputError
        An annotation that carries no annotation id, or not COCO.
    """
    document = msgspec.json.decode(path.read_bytes())
    try:
        names = {one["id"]: str(one["name"]) for one in document["categories"]}
        found = [_decision(path, record, names) for record in document["annotations"]]
    except (AttributeError, KeyError, TypeError) as error:
        raise InputError(f"{path.name}: not COCO: {error!r}") from None
    return [decision for decision in found if decision is not None]


def _decision(path: Path, record: dict[str, Any], names: dict[Any, str]) -> Decision | None:
    fields = {**record, **(record.get("attributes") or {})}
    if fields.get("role") == SUGGESTED:
        return None
    if fields.get("annotation_id") in (None, ""):
        raise InputError(
            f"{path.name}: annotation {record.get('id')} of the export has no annotation_id: edit "
            "the label that has it, or copy the number to the new one, and export with "
            "extra_attrs=True"
        )
    if fields.get(_MASKED) in (True, "True", "true", 1) and not record.get("segmentation"):
        raise InputError(
            f"{path.name}: annotation {fields['annotation_id']} has lost its mask: the field that "
            'was exported has boxes alone; load labels.json with label_types="segmentations" and '
            'export with label_field="FIELD", the field that was reviewed'
        )
    return make_decision(path, fields, names.get(record["category_id"]), record.get("segmentation"))
