"""Ground truths of a COCO file as arrays."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from pycocotools import mask as coco_mask

from benchmark_n.benchmark.records import read_mask
from benchmark_n.coco import CocoFile
from benchmark_n.coco.file import Buffer
from benchmark_n.coco.records import split_record
from benchmark_n.errors import annotation_fault
from benchmark_n.evaluators.problem import Federated, Instances
from benchmark_n.masks import Rle, SegmentationError


class _Record(msgspec.Struct, gc=False):
    bbox: list[float] | None = None
    area: float | None = None
    iscrowd: Any = None
    is_crowd: Any = None


_record = msgspec.json.Decoder(_Record)


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
    count = len(coco)
    boxes, areas = np.zeros((count, 4)), np.zeros(count)
    rles: list[Rle] = []
    silent = 0
    for place, raw in enumerate(coco.annotations):
        record = _decode(coco, place, raw)
        silent += record.iscrowd is None and record.is_crowd is None
        rle = _mask(coco, place) if masks or record.bbox is None or record.area is None else None
        boxes[place] = record.bbox if record.bbox is not None else coco_mask.toBbox(rle)
        areas[place] = record.area if record.area is not None else float(coco_mask.area(rle))
        if masks and rle is not None:
            rles.append(rle)
    ids = coco.annotation_ids if keep_ids else np.arange(1, count + 1)
    truth = Instances(
        ids=ids,
        image_ids=coco.image_ids,
        category_ids=coco.category_ids,
        boxes=boxes,
        areas=areas,
        masks=rles if masks else None,
        crowd=coco.crowd,
        scores=np.zeros(count),
    )
    return truth, silent


def _decode(coco: CocoFile, place: int, raw: Buffer) -> _Record:
    try:
        record = _record.decode(raw)
    except msgspec.DecodeError as error:
        raise annotation_fault(coco.path, coco.annotation_ids[place], str(error)) from None
    if record.bbox is not None and len(record.bbox) != 4:
        fault = f"bbox is {record.bbox}, expected [x, y, width, height]"
        raise annotation_fault(coco.path, coco.annotation_ids[place], fault)
    return record


def _mask(coco: CocoFile, place: int) -> Rle:
    image = coco.images[int(coco.image_ids[place])]
    try:
        return read_mask(split_record(coco.annotations[place]), image.height, image.width)
    except SegmentationError as error:
        raise annotation_fault(coco.path, coco.annotation_ids[place], str(error)) from None


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
