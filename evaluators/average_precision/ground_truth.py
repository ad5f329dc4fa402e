"""Ground truths of a COCO file as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile
from benchmark_n.coco.annotation_masks import has_mask
from benchmark_n.coco.boxes import box_mask, box_of
from benchmark_n.coco.file import Buffer
from benchmark_n.coco.instances import Instances
from benchmark_n.coco.lacking_masks import check_masks
from benchmark_n.coco.results_file import Segmentations
from benchmark_n.errors import InputError, annotation_fault
from benchmark_n.evaluators.average_precision.problem import Federated
from benchmark_n.files.json_yaml import JSON_FAULTS
from benchmark_n.masks import Rle
from benchmark_n.masks.batch import rle_areas, rle_boxes, segmentations_to_rles


class _TruthRecord(msgspec.Struct, gc=False):
    bbox: list[float] | None = None
    area: float | None = None
    iscrowd: Any = None
    is_crowd: Any = None
    segmentation: msgspec.Raw = msgspec.Raw(b"null")


_record = msgspec.json.Decoder(_TruthRecord)


@dataclass(frozen=True)
class _Columns:
    """What N records say: boxes (N, 4) and areas (N,), NaN where there is none, and who has a mask.

    `silent` is how many say nothing of crowds.
    """

    boxes: NDArray[np.float64]
    areas: NDArray[np.float64]
    masked: NDArray[np.bool_]
    segmentations: Sequence[Buffer]
    silent: int


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
    columns = _columns(coco)
    if masks:
        instances = ~coco.crowd
        lacking = int((instances & ~columns.masked).sum())
        check_masks(coco.path.name, lacking, int(instances.sum()), "average precision of masks")
    boxes, areas, masked = columns.boxes, columns.areas, columns.masked
    unboxed = np.flatnonzero(np.isnan(boxes).all(axis=1)).tolist()
    unmeasured = np.flatnonzero(np.isnan(areas)).tolist()
    rles = _regions(coco, columns) if masks or unboxed or unmeasured else []
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
    return truth, columns.silent


def _decode(coco: CocoFile, place: int, raw: Buffer) -> _TruthRecord:
    try:
        record = _record.decode(raw)
    except JSON_FAULTS as error:
        raise annotation_fault(coco.path, coco.annotation_ids[place], str(error)) from None
    if record.bbox and len(record.bbox) != 4:
        fault = f"bbox is {record.bbox}, expected [x, y, width, height]"
        raise annotation_fault(coco.path, coco.annotation_ids[place], fault)
    return record


def _columns(coco: CocoFile) -> _Columns:
    """One record after the other, so that never all of them are there as objects."""
    count = len(coco)
    boxes, areas = np.full((count, 4), np.nan), np.full(count, np.nan)
    masked, segmentations, silent = np.zeros(count, bool), list[Buffer](), 0
    for place, raw in enumerate(coco.annotations):
        record = _decode(coco, place, raw)
        if record.bbox:
            boxes[place] = record.bbox
        if record.area is not None:
            areas[place] = record.area
        silent += record.iscrowd is None and record.is_crowd is None
        masked[place] = has_mask(record.segmentation)
        segmentations.append(record.segmentation)
    return _Columns(boxes, areas, masked, segmentations, silent)


def _regions(coco: CocoFile, columns: _Columns) -> list[Rle]:
    """The masks; of an annotation without one, which has to have a box, its box filled."""
    images = [coco.images[i] for i in coco.image_ids.tolist()]
    rows = np.flatnonzero(columns.masked).tolist()

    def identity(place: int) -> int:
        return int(coco.annotation_ids[rows[place]])

    def wrong(place: int, fault: str) -> InputError:
        return annotation_fault(coco.path, identity(place), fault)

    found = iter(
        segmentations_to_rles(
            Segmentations([columns.segmentations[i] for i in rows], wrong),
            [(images[i].height, images[i].width) for i in rows],
            wrong,
            lambda place, kind: coco.repairs.add(kind, identity(place)),
        )
    )
    coco.repairs.tell(coco.path.name)
    return [
        next(found) if has else box_mask(box_of(coco, i), images[i].height, images[i].width)
        for i, has in enumerate(columns.masked.tolist())
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
