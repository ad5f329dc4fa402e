"""Boxes of annotations without a mask, with their numbers as the file has them.

A box keeps its precision: numbers that are whole in the file stay whole, and what is computed
from a box is rounded to as many decimals as the box has. So the form of a number does not tell
whether it was changed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from pycocotools import mask as coco_mask

from benchmark_n.coco.file import CocoFile
from benchmark_n.coco.records import join_record, split_record
from benchmark_n.errors import annotation_fault
from benchmark_n.files.json_yaml import JSON_FAULTS
from benchmark_n.masks import Rle

Number = int | float
Corners = tuple[float, float, float, float]
# Boxes may leave the image, as polygons may, by at most this many image sizes.
_REACH = 8

_numbers = msgspec.json.Decoder(list[Number])
_number = msgspec.json.Decoder(Number | None)


class BoxError(ValueError):
    """A record without a mask whose box is none; the message says what was found."""


@dataclass(frozen=True)
class RecordBox:
    """The box of an annotation without a mask.

    Parameters
    ----------
    bbox
        x, y, width, height (px), whole numbers where the file has such.
    area
        px², or None where the file gives none.

    Examples
    --------
    >>> RecordBox((10, 20.5, 5, 5), 25.0).measured
    (25, [10, 20, 5, 6])
    """

    bbox: tuple[Number, Number, Number, Number]
    area: Number | None = None

    @property
    def corners(self) -> Corners:
        """Left, top, right and bottom, px."""
        x, y, width, height = self.bbox
        return x, y, x + width, y + height

    @property
    def measured(self) -> tuple[int, list[int]]:
        """Area (px²) and box (px) as whole numbers: the least such box that holds this one."""
        left, top, right, bottom = self.corners
        x, y = math.floor(left), math.floor(top)
        area = self.bbox[2] * self.bbox[3] if self.area is None else self.area
        return round(area), [x, y, math.ceil(right) - x, math.ceil(bottom) - y]

    def moved(self, corners: Corners) -> RecordBox:
        """The box between other corners, in the form of this one.

        Each number has at most the decimals of this box, and is whole where this one's is. The
        area follows: width times height where it is that now, else in the same proportion.

        >>> RecordBox((10, 20, 50, 60), 3000.0).moved((11.2, 19.6, 60.7, 80.0))
        RecordBox(bbox=(11, 20, 50, 60), area=3000.0)
        """
        places = max(map(decimals, self.bbox))
        left, top, right, bottom = (round(float(value), places) for value in corners)
        sides = (left, top, round(right - left, places), round(bottom - top, places))
        x, y, width, height = (_written(side, self.bbox) for side in sides)
        return RecordBox((x, y, width, height), self._area_of(width * height))

    def _area_of(self, covered: Number) -> Number | None:
        """The area of this box once it covers `covered` px²."""
        if self.area is None:
            return None
        old = self.bbox[2] * self.bbox[3]
        # A whole area with a point (3000.0) tells how its writer has whole numbers.
        style = (self.area,) if float(self.area).is_integer() else self.bbox
        if self.area == old:
            return _written(covered, style)
        places = decimals(self.area)
        if old and round(float(old), places) != self.area:
            covered = self.area * covered / old
        return _written(round(float(covered), places), style)

    def encoded(self, fields: Mapping[str, msgspec.Raw], category_id: int, identity: int) -> bytes:
        """A record with this box, category and id; its other fields keep bytes and places."""
        changes: dict[str, Any] = {"id": identity, "category_id": category_id, "bbox": self.bbox}
        if self.area is not None:
            changes["area"] = self.area
        return join_record(fields, changes)


def decimals(number: Number) -> int:
    """How many decimals a number has, as it is written shortest.

    >>> decimals(10), decimals(10.0), decimals(2.125)
    (0, 0, 3)
    """
    if isinstance(number, int) or number.is_integer():
        return 0
    digits, _, exponent = repr(number).partition("e")
    return max(0, len(digits.partition(".")[2]) - int(exponent or 0))


def _written(value: Number, like: Sequence[Number]) -> Number:
    """A number as the writer of those in `like` has it: whole ones as such, or with a point."""
    whole = any(isinstance(number, int) for number in like)
    return int(value) if whole and float(value).is_integer() else float(value)


def read_box(fields: Mapping[str, msgspec.Raw], height: int, width: int) -> RecordBox:
    """The box of a split record without a mask, in an image of height x width px.

    Raises
    ------
    BoxError
        There is none either, or one that is none of the image.
    """
    raw = fields.get("bbox")
    if raw is None or bytes(raw) in (b"null", b"[]"):
        raise BoxError("has neither a mask nor a box, expected one of them")
    try:
        numbers = _numbers.decode(raw)
        area = _number.decode(fields.get("area", b"null"))
    except JSON_FAULTS as error:
        raise BoxError(f"bbox and area: {error}") from None
    reach = _REACH * max(height, width)
    if len(numbers) != 4 or min(numbers[2:]) < 0 or max(map(abs, numbers)) > reach:
        raise BoxError(
            f"bbox is {numbers!s:.80}, expected [x, y, width, height] in or near its image"
        )
    if area is not None and not 0 <= area <= reach * reach:
        raise BoxError(f"area is {area}, expected px² of a box in its image")
    x, y, w, h = numbers
    return RecordBox((x, y, w, h), area)


def box_of(coco: CocoFile, index: int) -> RecordBox:
    """The box of an annotation without a mask.

    Raises
    ------
    InputError
        As for `read_box`; the line names the annotation.
    """
    image = coco.images[int(coco.image_ids[index])]
    try:
        return read_box(split_record(coco.annotations[index]), image.height, image.width)
    except BoxError as fault:
        raise annotation_fault(coco.path, coco.annotation_ids[index], str(fault)) from None


def box_mask(box: RecordBox, height: int, width: int) -> Rle:
    """The pixels of `RecordBox.measured`'s box that lie in the image, for what needs a region."""
    _, (x, y, w, h) = box.measured
    left, top, right, bottom = max(x, 0), max(y, 0), min(x + w, width), min(y + h, height)
    inside = np.array([[left, top, max(right - left, 0), max(bottom - top, 0)]], np.float64)
    rle: Rle = coco_mask.frPyObjects(inside, height, width)[0]
    return rle


def box_iou(a: Corners, b: Corners) -> float:
    """Intersection over union of two boxes; 1 for two of the same corners.

    >>> box_iou((0, 0, 2, 2), (1, 0, 3, 2))
    0.3333333333333333
    """
    if a == b:
        return 1.0
    shared_width = min(a[2], b[2]) - max(a[0], b[0])
    shared_height = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(shared_width, 0.0) * max(shared_height, 0.0)
    union = sum((c[2] - c[0]) * (c[3] - c[1]) for c in (a, b)) - shared
    return shared / union if union > 0 else 0.0
