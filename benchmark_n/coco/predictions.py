"""Detections in COCO's results format: read, checked, made arrays.

A file of millions of detections is kept as columns, and its segmentations as they stand in it until
they are made masks: as Python's objects they would take several times the memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile, Image
from benchmark_n.coco.instances import Instances
from benchmark_n.coco.reading import Repairs
from benchmark_n.coco.results_file import (
    Detection,
    Segmentations,
    given_segmentation,
    stored_records,
)
from benchmark_n.errors import InputError
from benchmark_n.files.json_yaml import JSON_FAULTS
from benchmark_n.masks import Rle
from benchmark_n.masks.batch import rle_areas, rle_boxes, segmentations_to_rles


@dataclass(frozen=True)
class Predictions:
    """A checked results file of N detections, in the file's order.

    Parameters
    ----------
    name
        What messages call it.
    image_ids, category_ids
        int64 (N,).
    scores
        float64 (N,).
    losses
        float64 (M,), of the detections that have one.
    boxes
        float64 (N, 4), [x, y, width, height] in px; NaN where there is none.
    segmentations
        N polygons or RLEs; None where there is none. Empty boxes and segmentations are none, as
        boxes in pycocotools' ``loadRes``.
    masked
        bool (N,), which detections have a segmentation.
    """

    name: str
    image_ids: NDArray[np.int64]
    category_ids: NDArray[np.int64]
    scores: NDArray[np.float64]
    losses: NDArray[np.float64]
    boxes: NDArray[np.float64]
    segmentations: Sequence[Any]
    masked: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def have_masks(self) -> bool:
        """Whether every detection has a segmentation."""
        return bool(self.masked.all())


def read_predictions(
    source: Path | str | Sequence[Mapping[str, Any]], truth: CocoFile
) -> Predictions:
    """Read and check a results file (or its records), which are not changed.

    Raises
    ------
    InputError
        Not a list of detections, a detection of an unknown image or category, a box that is none,
        or a score that is no number from 0 to 1.
    """
    if isinstance(source, str | Path):
        path = Path(source)
        count, records = stored_records(path)
        made = _columns(path.name, records, count, truth)
        fault = partial(_no_json, path.name)
        return replace(made, segmentations=Segmentations(made.segmentations, fault))
    try:
        detections = msgspec.convert(list(source), list[Detection])
    except msgspec.ValidationError as error:
        raise InputError(f"predictions: {error}") from None
    return _columns("predictions", detections, len(detections), truth)


def _columns(
    name: str, detections: Iterable[Detection], count: int, truth: CocoFile
) -> Predictions:
    """The records as columns, checked one by one."""
    image_ids, category_ids = np.zeros(count, np.int64), np.zeros(count, np.int64)
    scores, losses = np.zeros(count), list[float]()
    boxes = np.full((count, 4), np.nan)
    segmentations: list[Any] = []
    for place, detection in enumerate(detections):
        _check(detection, place, name, truth)
        image_ids[place], category_ids[place] = detection.image_id, detection.category_id
        scores[place] = detection.score
        if detection.loss is not None:
            losses.append(detection.loss)
        if detection.bbox:
            boxes[place] = detection.bbox
        try:
            segmentations.append(given_segmentation(detection.segmentation))
        except JSON_FAULTS as error:
            raise _no_json(name, place, str(error)) from None
    masked = np.fromiter((one is not None for one in segmentations), np.bool_, count)
    told = np.array(losses, float)
    return Predictions(name, image_ids, category_ids, scores, told, boxes, segmentations, masked)


def _no_json(name: str, place: int, fault: str) -> InputError:
    return InputError(f"{name}: detection {place}: segmentation: not JSON: {fault}")


def _check(detection: Detection, place: int, name: str, truth: CocoFile) -> None:
    if detection.image_id not in truth.images:
        fault = f"image id {detection.image_id} is not in {truth.path.name}"
    elif detection.category_id not in truth.categories:
        fault = f"category id {detection.category_id} is not in {truth.path.name}"
    elif not 0 <= detection.score <= 1:
        fault = f"score is {detection.score}, expected a number from 0 to 1"
    elif detection.bbox and not _is_box(detection.bbox):
        fault = f"bbox is {detection.bbox}, expected [x, y, width, height] with sides of 0 or more"
    else:
        return
    raise InputError(f"{name}: detection {place}: {fault}")


def _is_box(box: Sequence[float]) -> bool:
    return len(box) == 4 and all(map(math.isfinite, box)) and min(box[2:]) >= 0


def detection_arrays(
    predictions: Predictions, images: Mapping[int, Image], *, masks: bool, box_areas: bool
) -> Instances:
    """The detections as arrays.

    Parameters
    ----------
    masks
        With their masks. Boxes come from the masks where the file gives none, either way.
    box_areas
        Area from the box where there is one, as pycocotools' ``loadRes`` takes it; else from the
        mask.

    Raises
    ------
    InputError
        A detection without mask or box, or with one that is none of its image.
    """
    count, boxes = len(predictions), predictions.boxes.copy()
    unboxed = np.flatnonzero(np.isnan(boxes[:, 0]))
    rles = _masks(predictions, images) if masks or len(unboxed) else None
    if rles is not None:
        boxes[unboxed] = rle_boxes([rles[i] for i in unboxed.tolist()])
    areas = boxes[:, 2] * boxes[:, 3]
    if rles is not None:
        of_mask = np.arange(count) if masks and not box_areas else unboxed
        areas[of_mask] = rle_areas([rles[i] for i in of_mask.tolist()])
    return Instances(
        ids=np.arange(1, count + 1),
        image_ids=predictions.image_ids,
        category_ids=predictions.category_ids,
        boxes=boxes,
        areas=areas,
        masks=rles if masks else None,
        crowd=np.zeros(count, bool),
        scores=predictions.scores,
    )


def _masks(predictions: Predictions, images: Mapping[int, Image]) -> list[Rle]:
    if not predictions.have_masks:
        raise InputError(
            f"{predictions.name}: detection {int(np.argmin(predictions.masked))} has no "
            "segmentation: expected one in each, or none to evaluate boxes"
        )
    of_image = {identity: (image.height, image.width) for identity, image in images.items()}
    repairs = Repairs()
    rles = segmentations_to_rles(
        predictions.segmentations,
        [of_image[i] for i in predictions.image_ids.tolist()],
        lambda place, fault: InputError(f"{predictions.name}: detection {place}: {fault}"),
        lambda place, kind: repairs.add(kind, f"detection {place}"),
    )
    repairs.tell(predictions.name)
    return rles
