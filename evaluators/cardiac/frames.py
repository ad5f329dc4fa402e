"""Left ventricles of echo frames out of COCO files and detections.

An image record needs ``patient``, ``view`` (2CH, 4CH), ``instant`` (ED, ES) and ``spacing`` (width
and height of a pixel, mm); ``ef`` (percent) and ``image_quality`` are used where they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from benchmark_n.coco import CocoFile
from benchmark_n.coco.annotation_masks import masks_of
from benchmark_n.coco.lacking_masks import require_masks
from benchmark_n.coco.predictions import Predictions, detection_arrays
from benchmark_n.errors import InputError
from benchmark_n.masks import CropMask, Rle, rle_to_crop

VIEWS = ("2CH", "4CH")
INSTANTS = ("ED", "ES")
LEFT_VENTRICLE = "left ventricle"


@dataclass(frozen=True)
class EchoFrame:
    """A frame: whose, which view and instant, pixel width and height in mm, and what is known.

    Examples
    --------
    >>> frame = EchoFrame(7, "patient0001", "2CH", "ED", (0.3, 0.5), None, None)
    >>> round(frame.spacing[0] * frame.spacing[1], 2)  # mm² of a pixel
    0.15
    """

    image_id: int
    patient: str
    view: str
    instant: str
    spacing: tuple[float, float]
    ef: float | None
    image_quality: str | None


def read_frames(coco: CocoFile) -> list[EchoFrame]:
    """The frames of a file.

    Raises
    ------
    InputError
        An image record that lacks a field, an unknown view or instant, or a frame given twice.
    """
    frames = [_frame(record, coco.path.name) for record in coco.section("images")]
    seen: set[tuple[str, str, str]] = set()
    for frame in frames:
        key = (frame.patient, frame.view, frame.instant)
        if key in seen:
            raise InputError(
                f"{coco.path.name}: image {frame.image_id}: a second {frame.view} {frame.instant} "
                f"of patient {frame.patient}, expected one"
            )
        seen.add(key)
    return frames


def _frame(record: dict[str, Any], name: str) -> EchoFrame:
    for field in ("patient", "view", "instant", "spacing"):
        if record.get(field) is None:
            raise InputError(
                f"{name}: image {record['id']}: field '{field}' is missing, "
                "expected the image records of an echo dataset (camus, phantom)"
            )
    for field, known in (("view", VIEWS), ("instant", INSTANTS)):
        if record[field] not in known:
            raise InputError(
                f"{name}: image {record['id']}: {field} is '{record[field]}', "
                f"expected one of {', '.join(known)}"
            )
    spacing = record["spacing"]
    if not (isinstance(spacing, list) and len(spacing) == 2 and all(_positive(s) for s in spacing)):
        raise InputError(
            f"{name}: image {record['id']}: spacing is {spacing}, expected two lengths in mm"
        )
    return EchoFrame(
        record["id"],
        str(record["patient"]),
        record["view"],
        record["instant"],
        (float(spacing[0]), float(spacing[1])),
        record.get("ef"),
        record.get("image_quality"),
    )


def _positive(value: Any) -> bool:
    return isinstance(value, int | float) and value > 0


def ventricle_id(coco: CocoFile) -> int:
    """Id of the category "left ventricle" (or ``left_ventricle``)."""
    for category in coco.categories.values():
        if category.name.replace("_", " ").lower() == LEFT_VENTRICLE:
            return category.id
    raise InputError(f"{coco.path.name}: no category '{LEFT_VENTRICLE}'")


def annotated_ventricles(coco: CocoFile) -> dict[int, CropMask]:
    """Image id to the left ventricle; several annotations of one are united.

    Raises
    ------
    InputError
        No such category, a mask that is none, or no masks at all; an annotation without one is
        left out, and their number told.
    """
    coco = require_masks(coco, "the ejection fraction")
    chosen = ventricle_id(coco)
    parts: dict[int, list[Rle]] = {}
    rows = np.flatnonzero(~coco.crowd & (coco.category_ids == chosen)).tolist()
    for place, rle in zip(rows, masks_of(coco, rows), strict=True):
        parts.setdefault(int(coco.image_ids[place]), []).append(rle)
    united = {i: rles[0] if len(rles) == 1 else coco_mask.merge(rles) for i, rles in parts.items()}
    return _filled({i: rle_to_crop(rle) for i, rle in united.items()})


def predicted_ventricles(predictions: Predictions, coco: CocoFile) -> dict[int, CropMask]:
    """Image id to the left ventricle of highest score."""
    chosen = ventricle_id(coco)
    found = detection_arrays(predictions, coco.images, masks=True, box_areas=False)
    assert found.masks is not None
    best: dict[int, int] = {}
    for place, image in enumerate(found.image_ids.tolist()):
        if found.category_ids[place] == chosen and (
            image not in best or found.scores[place] > found.scores[best[image]]
        ):
            best[image] = place
    return _filled({image: rle_to_crop(found.masks[place]) for image, place in best.items()})


def _filled(masks: Mapping[int, CropMask]) -> dict[int, CropMask]:
    return {image: mask for image, mask in masks.items() if mask.area}
