"""Ground truths of a COCO file as arrays."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from benchmark_n.coco import CocoFile
from benchmark_n.coco.file import Buffer
from benchmark_n.coco.instances import Instances
from benchmark_n.errors import annotation_fault
from benchmark_n.evaluators.average_precision.problem import Federated
from benchmark_n.files.json_yaml import JSON_FAULTS
from benchmark_n.masks import Rle
from benchmark_n.masks.batch import rle_areas, rle_boxes, segmentations_to_rles


class _TruthRecord(msgspec.Struct, gc=False):
    bbox: list[float] | None = None
    area: float | None = None
    iscrowd: Any = None
    is_crowd: Any = None
    segmentation: Any = None


_record = msgspec.json.Decoder(_TruthRecord)


def truth_arrays(coco: CocoFile, *, masks: bool, keep_ids: bool = False) -> tuple[Instances, int]:
    """The annotations as arrays, and how many had no ``iscrowd`` (read as 0).

    Boxes and areas are those of the file; what is missing comes from the mask.

    Parameters
    ----------
    keep_ids
        Keep the file's ids. By default they are numbered from 1, so that none is 0, which
        pycocotools takes for unmatched.

    Raises
    ------
    InputError
        A box or area that is no number, or a mask that is none of its image.
    """
    records = [_decode(coco, place, raw) for place, raw in enumerate(coco.annotations)]
    unboxed = [i for i, record in enumerate(records) if record.bbox is None]
    unmeasured = [i for i, record in enumerate(records) if record.area is None]
    rles = _masks(coco, records) if masks or unboxed or unmeasured else []
    boxes = np.array([record.bbox or (0.0,) * 4 for record in records], float).reshape(-1, 4)
    areas = np.array([record.area or 0.0 for record in records], float)
    boxes[unboxed] = rle_boxes([rles[i] for i in unboxed])
    areas[unmeasured] = rle_areas([rles[i] for i in unmeasured])
    count = len(coco)
    truth = Instances(
        ids=coco.annotation_ids if keep_ids else np.arange(1, count + 1),
        image_ids=coco.image_ids,
        category_ids=coco.category_ids,
        boxes=boxes,
        areas=areas,
        masks=rles if masks else None,
        crowd=coco.crowd,
        scores=np.zeros(count),
    )
    return truth, sum(record.iscrowd is None and record.is_crowd is None for record in records)


def _decode(coco: CocoFile, place: int, raw: Buffer) -> _TruthRecord:
    try:
        record = _record.decode(raw)
    except JSON_FAULTS as error:
        raise annotation_fault(coco.path, coco.annotation_ids[place], str(error)) from None
    if record.bbox is not None and len(record.bbox) != 4:
        fault = f"bbox is {record.bbox}, expected [x, y, width, height]"
        raise annotation_fault(coco.path, coco.annotation_ids[place], fault)
    return record


def _masks(coco: CocoFile, records: list[_TruthRecord]) -> list[Rle]:
    images = [coco.images[i] for i in coco.image_ids.tolist()]
    rles = segmentations_to_rles(
        [record.segmentation for record in records],
        [(image.height, image.width) for image in images],
        lambda place, fault: annotation_fault(coco.path, coco.annotation_ids[place], fault),
        lambda place, kind: coco.repairs.add(kind, int(coco.annotation_ids[place])),
    )
    coco.repairs.tell(coco.path.name)
    return rles


def federated(coco: CocoFile) -> Federated | None:
    """What an LVIS file says besides its annotations; None for other files."""
    images = coco.section("images")
    if not any("neg_category_ids" in image for image in images):
        return None
    return Federated(
        {i["id"]: frozenset(i.get("neg_category_ids", ())) for i in images},
        {i["id"]: frozenset(i.get("not_exhaustive_category_ids", ())) for i in images},
        {c["id"]: c.get("frequency", "") for c in coco.section("categories")},
    )
