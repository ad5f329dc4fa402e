"""Detections in COCO's results format: read, checked, made arrays."""

from __future__ import annotations

import codecs
import json
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile, Image
from benchmark_n.coco.instances import Instances
from benchmark_n.coco.reading import Repairs
from benchmark_n.errors import InputError
from benchmark_n.files.json_yaml import JSON_FAULTS
from benchmark_n.masks import Rle
from benchmark_n.masks.batch import rle_areas, rle_boxes, segmentations_to_rles

_log = logging.getLogger(__name__)


class Detection(msgspec.Struct, gc=False):
    """One record of a results file; `loss` is what some trainers add.

    Empty boxes and segmentations are none, as boxes in pycocotools' ``loadRes``."""

    image_id: int
    category_id: int
    score: float
    bbox: list[float] | None = None
    segmentation: Any = None
    loss: float | None = None

    def __post_init__(self) -> None:
        self.bbox = self.bbox or None
        self.segmentation = self.segmentation or None


@dataclass(frozen=True)
class Predictions:
    """A checked results file of N detections.

    Parameters
    ----------
    name
        What messages call it.
    detections
        The records, in the file's order.
    """

    name: str
    detections: Sequence[Detection]

    def __len__(self) -> int:
        return len(self.detections)

    @property
    def have_masks(self) -> bool:
        """Whether every detection has a segmentation."""
        return all(d.segmentation is not None for d in self.detections)

    @property
    def losses(self) -> NDArray[np.float64]:
        """The losses of the detections that have one."""
        return np.array([d.loss for d in self.detections if d.loss is not None], float)

    @property
    def scores(self) -> NDArray[np.float64]:
        """Scores, float64 (N,)."""
        return np.array([d.score for d in self.detections], float)


def read_predictions(
    source: Path | str | Sequence[Mapping[str, Any]], truth: CocoFile
) -> Predictions:
    """Read and check a results file (or its records), which are not changed.

    Raises
    ------
    InputError
        Not a list of detections, a detection of an unknown image or category, or a score that is
        no number from 0 to 1.
    """
    if isinstance(source, str | Path):
        path = Path(source)
        name, detections = path.name, _decode(path)
    else:
        name = "predictions"
        try:
            detections = msgspec.convert(list(source), list[Detection])
        except msgspec.ValidationError as error:
            raise InputError(f"{name}: {error}") from None
    for place, detection in enumerate(detections):
        _check(detection, place, name, truth)
    return Predictions(name, detections)


def _decode(path: Path) -> list[Detection]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot read the predictions: {error.strerror}") from None
    if data.startswith(codecs.BOM_UTF8):
        data = data.removeprefix(codecs.BOM_UTF8)
        _log.warning("%s: a UTF-8 byte-order mark is stripped", path.name)
    try:
        return msgspec.json.decode(data, type=list[Detection])
    except msgspec.ValidationError as error:
        raise InputError(f"{path.name}: not COCO results: {error}") from None
    except JSON_FAULTS as error:
        raise _not_json(data, path, error) from None


def _not_json(data: bytes, path: Path, error: Exception) -> InputError:
    """Name the detection that holds a NaN, which Python writes and JSON does not know."""
    try:
        records = json.loads(data)
    except (ValueError, RecursionError):
        return InputError(f"{path.name}: not JSON: {error}")
    for place, record in enumerate(records if isinstance(records, list) else []):
        try:
            json.dumps(record, allow_nan=False)
        except ValueError:
            return InputError(f"{path.name}: detection {place}: NaN or infinity, expected numbers")
    return InputError(f"{path.name}: not JSON: {error}")


def _check(detection: Detection, place: int, name: str, truth: CocoFile) -> None:
    if detection.image_id not in truth.images:
        fault = f"image id {detection.image_id} is not in {truth.path.name}"
    elif detection.category_id not in truth.categories:
        fault = f"category id {detection.category_id} is not in {truth.path.name}"
    elif not 0 <= detection.score <= 1:
        fault = f"score is {detection.score}, expected a number from 0 to 1"
    else:
        return
    raise InputError(f"{name}: detection {place}: {fault}")


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
    detections, count = predictions.detections, len(predictions)
    boxes, unboxed = _boxes(predictions)
    rles = _masks(predictions, images) if masks or len(unboxed) else None
    if rles is not None:
        boxes[unboxed] = rle_boxes([rles[i] for i in unboxed.tolist()])
    areas = boxes[:, 2] * boxes[:, 3]
    if rles is not None:
        of_mask = np.arange(count) if masks and not box_areas else unboxed
        areas[of_mask] = rle_areas([rles[i] for i in of_mask.tolist()])
    return Instances(
        ids=np.arange(1, count + 1),
        image_ids=np.array([d.image_id for d in detections], np.int64),
        category_ids=np.array([d.category_id for d in detections], np.int64),
        boxes=boxes,
        areas=areas,
        masks=rles if masks else None,
        crowd=np.zeros(count, bool),
        scores=predictions.scores,
    )


def _masks(predictions: Predictions, images: Mapping[int, Image]) -> list[Rle]:
    detections = predictions.detections
    for place, detection in enumerate(detections):
        if detection.segmentation is None:
            raise InputError(
                f"{predictions.name}: detection {place} has no segmentation: "
                "expected one in each, or none to evaluate boxes"
            )
    sizes = [(images[d.image_id].height, images[d.image_id].width) for d in detections]
    repairs = Repairs()
    rles = segmentations_to_rles(
        [d.segmentation for d in detections],
        sizes,
        lambda place, fault: InputError(f"{predictions.name}: detection {place}: {fault}"),
        lambda place, kind: repairs.add(kind, f"detection {place}"),
    )
    repairs.tell(predictions.name)
    return rles


def _boxes(predictions: Predictions) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Boxes (N, 4) and the places of the detections that have none."""
    boxes, unboxed = np.zeros((len(predictions), 4)), list[int]()
    for place, detection in enumerate(predictions.detections):
        box = detection.bbox
        if box is None:
            unboxed.append(place)
        elif len(box) != 4 or not all(map(math.isfinite, box)) or min(box[2:]) < 0:
            raise InputError(
                f"{predictions.name}: detection {place}: bbox is {box}, "
                "expected [x, y, width, height] with sides of 0 or more"
            )
        else:
            boxes[place] = box
    return boxes, np.array(unboxed, np.intp)
