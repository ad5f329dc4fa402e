"""Ground truths of a COCO file as arrays."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile
from benchmark_n.coco.boxes import box_mask, box_of
from benchmark_n.coco.file import Buffer
from benchmark_n.coco.instances import Instances
from benchmark_n.coco.lacking_masks import require_masks, with_masks
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

    Boxes and areas are those of the file; what is missing comes from the mask, an area without a
    mask from the box.

    Parameters
    ----------
    masks
        With their masks. An annotation without one is made a crowd with its box, filled, for a
        mask: what is found there counts neither for nor against the detections.
    keep_ids
        Keep the file's ids. By default they are numbered from 1, so that none is 0, which
        pycocotools takes for unmatched.

    Raises
    ------
    InputError
        A box or area that is no number, or a mask that is none of its image; or no annotation has
        the masks that are asked for.
    """
    if masks:
        require_masks(coco, "average precision of masks")
    records = [_decode(coco, place, raw) for place, raw in enumerate(coco.annotations)]
    masked = with_masks(coco)
    unboxed = [i for i, record in enumerate(records) if not record.bbox]
    unmeasured = [i for i, record in enumerate(records) if record.area is None]
    rles = _regions(coco, records, masked) if masks or unboxed or unmeasured else []
    boxes = np.array([record.bbox or (0.0,) * 4 for record in records], float).reshape(-1, 4)
    areas = np.array([record.area or 0.0 for record in records], float)
    boxes[unboxed] = rle_boxes([rles[i] for i in unboxed])
    areas[unmeasured] = rle_areas([rles[i] for i in unmeasured])
    of_box = [i for i in unmeasured if not masked[i]]
    areas[of_box] = boxes[of_box, 2] * boxes[of_box, 3]
    count = len(coco)
    truth = Instances(
        ids=coco.annotation_ids if keep_ids else np.arange(1, count + 1),
        image_ids=coco.image_ids,
        category_ids=coco.category_ids,
        boxes=boxes,
        areas=areas,
        masks=rles if masks else None,
        crowd=coco.crowd | ~masked if masks else coco.crowd,
        scores=np.zeros(count),
    )
    return truth, sum(record.iscrowd is None and record.is_crowd is None for record in records)


def _decode(coco: CocoFile, place: int, raw: Buffer) -> _TruthRecord:
    try:
        record = _record.decode(raw)
    except JSON_FAULTS as error:
        raise annotation_fault(coco.path, coco.annotation_ids[place], str(error)) from None
    if record.bbox and len(record.bbox) != 4:
        fault = f"bbox is {record.bbox}, expected [x, y, width, height]"
        raise annotation_fault(coco.path, coco.annotation_ids[place], fault)
    return record


def _regions(coco: CocoFile, records: list[_TruthRecord], masked: NDArray[np.bool_]) -> list[Rle]:
    """The masks; of an annotation without one, which has to have a box, its box filled."""
    images = [coco.images[i] for i in coco.image_ids.tolist()]
    rows = np.flatnonzero(masked).tolist()

    def identity(place: int) -> int:
        return int(coco.annotation_ids[rows[place]])

    found = iter(
        segmentations_to_rles(
            [records[i].segmentation for i in rows],
            [(images[i].height, images[i].width) for i in rows],
            lambda place, fault: annotation_fault(coco.path, identity(place), fault),
            lambda place, kind: coco.repairs.add(kind, identity(place)),
        )
    )
    coco.repairs.tell(coco.path.name)
    return [
        next(found) if has else box_mask(box_of(coco, i), images[i].height, images[i].width)
        for i, has in enumerate(masked.tolist())
    ]


def federated(coco: CocoFile) -> Federated | None:
    """What an LVIS file says besides its annotations; None for other files.

    Examples
    --------
    >>> from benchmark_n import SourceOptions, make
    >>> truth = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard").clean()
    >>> federated(truth) is None, len(truth_arrays(truth, masks=True)[0])  # not federated
    (True, 26)
    """
    images = coco.section("images")
    if not any("neg_category_ids" in image for image in images):
        return None
    return Federated(
        {i["id"]: frozenset(i.get("neg_category_ids", ())) for i in images},
        {i["id"]: frozenset(i.get("not_exhaustive_category_ids", ())) for i in images},
        {c["id"]: c.get("frequency", "") for c in coco.section("categories")},
    )
