"""Which annotations of two files overlap, and how much."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from benchmark_n.coco.annotation_masks import has_mask, read_masks
from benchmark_n.coco.file import CocoFile
from benchmark_n.coco.instances import by_image
from benchmark_n.coco.records import split_record
from benchmark_n.errors import annotation_fault
from benchmark_n.masks import Rle
from benchmark_n.masks.batch import rle_areas, rle_boxes

_EMPTY = msgspec.Raw(b"[]")
# Annotations whose masks are in memory at a time, and pairs that are compared at once.
_BATCH, _CELLS = 2048, 1 << 22
Places = NDArray[np.intp]


@dataclass(frozen=True)
class Overlaps:
    """P pairs of annotations of two files, each pair in one image.

    Parameters
    ----------
    first, second
        int (P,): places in the two files.
    ious
        float64 (P,): IoU of the masks, of the boxes where one of the two has no mask.
    alike
        bool (P,): both have a mask, or neither has.
    """

    first: Places
    second: Places
    ious: NDArray[np.float64]
    alike: NDArray[np.bool_]

    def take(self, chosen: Places | NDArray[np.bool_]) -> Overlaps:
        """Some of the pairs."""
        return Overlaps(*(column[chosen] for column in self._columns()))

    def _columns(self) -> tuple[NDArray[Any], ...]:
        return self.first, self.second, self.ious, self.alike

    @classmethod
    def join(cls, parts: Sequence[Overlaps]) -> Overlaps:
        """The pairs of one or more parts, one part after the other."""
        columns = zip(*(part._columns() for part in parts), strict=True)
        return cls(*(np.concatenate(column) for column in columns))


@dataclass(frozen=True)
class _Shapes:
    """Masks of n annotations, boxes (n, 4) [x, y, width, height] in px, and who has a mask."""

    masks: list[Rle]
    boxes: NDArray[np.float64]
    masked: NDArray[np.bool_]

    def part(self, start: int, stop: int) -> _Shapes:
        return _Shapes(self.masks[start:stop], self.boxes[start:stop], self.masked[start:stop])


def find_overlaps(first: CocoFile, second: CocoFile, least: float) -> Overlaps:
    """All pairs in the same image whose IoU is `least` or more.

    An annotation without a mask, or with an empty one, is compared by its box; boxes without area
    overlap where they are equal.

    Parameters
    ----------
    first, second
        Files of one numbering of images.

    Raises
    ------
    InputError
        A segmentation that is no mask of its image.
    """
    none = np.zeros(0, np.intp)
    parts = [Overlaps(none, none, np.zeros(0), np.zeros(0, bool))]
    for left, right in _batches(first, second):
        mine = _shapes(first, np.concatenate(left))
        other = _shapes(second, np.concatenate(right))
        i = j = 0
        for here, there in zip(left, right, strict=True):
            a, b = mine.part(i, i + len(here)), other.part(j, j + len(there))
            parts += [
                Overlaps(here[found.first], there[found.second], found.ious, found.alike)
                for found in _image_overlaps(a, b, least)
            ]
            i, j = i + len(here), j + len(there)
    return Overlaps.join(parts)


def _batches(first: CocoFile, second: CocoFile) -> Iterator[tuple[list[Places], list[Places]]]:
    """Places in both files, image by image, of some images at a time that both annotate."""
    here, there = by_image(first.image_ids), by_image(second.image_ids)
    left: list[Places] = []
    right: list[Places] = []
    size = 0
    for image_id in here.keys() & there.keys():
        left.append(here[image_id])
        right.append(there[image_id])
        size += len(left[-1]) + len(right[-1])
        if size >= _BATCH:
            yield left, right
            left, right, size = [], [], 0
    if left:
        yield left, right


def _shapes(coco: CocoFile, places: Places) -> _Shapes:
    records = [split_record(coco.annotations[i]) for i in places.tolist()]
    images = [coco.images[i] for i in coco.image_ids[places].tolist()]
    drawn = [i for i, one in enumerate(records) if has_mask(one.get("segmentation"))]
    ids = coco.annotation_ids[places[drawn]]
    found = read_masks(
        [records[i] for i in drawn],
        [(images[i].height, images[i].width) for i in drawn],
        lambda place, text: annotation_fault(coco.path, ids[place], text),
    )
    masks = [_no_mask(image.height, image.width) for image in images]
    for place, rle in zip(drawn, found, strict=True):
        masks[place] = rle
    boxes, masked = rle_boxes(masks), rle_areas(masks) > 0
    for place in np.flatnonzero(~masked).tolist():
        boxes[place] = _box(records[place])
    return _Shapes(masks, boxes, masked)


def _no_mask(height: int, width: int) -> Rle:
    """The mask without pixels."""
    rle: Rle = coco_mask.frPyObjects({"size": [height, width], "counts": [height * width]}, 0, 0)
    return rle


def _box(fields: Mapping[str, msgspec.Raw]) -> list[float]:
    """The record's box; zeros where it has none that can be compared."""
    try:
        box: Any = msgspec.json.decode(fields.get("bbox", _EMPTY), type=list[float])
    except msgspec.DecodeError:
        box = []
    return box if len(box) == 4 and np.isfinite(box).all() else [0.0] * 4


def _image_overlaps(first: _Shapes, second: _Shapes, least: float) -> Iterator[Overlaps]:
    """The pairs of one image by their places in it, some rows at a time."""
    step = max(1, _CELLS // len(second.masks))
    for start in range(0, len(first.masks), step):
        ious = _ious(first.part(start, start + step), second)
        rows, columns = np.nonzero(ious >= least)
        alike = first.masked[start + rows] == second.masked[columns]
        yield Overlaps(start + rows, columns, ious[rows, columns], alike)


def _ious(first: _Shapes, second: _Shapes) -> NDArray[np.float64]:
    ious = np.asarray(coco_mask.iou(first.masks, second.masks, [0] * len(second.masks)))
    by_box = ~(first.masked[:, None] & second.masked)
    if by_box.any():
        boxes = coco_mask.iou(first.boxes, second.boxes, [0] * len(second.boxes))
        equal = (first.boxes[:, None] == second.boxes).all(axis=2)
        ious = np.where(by_box, np.where(equal, 1.0, boxes), ious)
    return ious
