"""Measure a file: once through it, image by image, a few images in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import msgspec
import numpy as np

from benchmark_n.coco import CocoFile, Image
from benchmark_n.coco.annotation_masks import masks_of
from benchmark_n.coco.boxes import Corners, box_iou
from benchmark_n.coco.instances import by_image
from benchmark_n.coco.lacking_masks import with_masks
from benchmark_n.detection.structure.measurements import (
    COLUMNS,
    LEAST_INSIDE,
    LEAST_IOU,
    LEAST_SIDES,
    Floats,
    Measurements,
    Pairs,
)
from benchmark_n.detection.structure.outlines import measure_outline
from benchmark_n.detection.structure.parts import covered_share, part_areas, splits
from benchmark_n.masks import CropMask, intersection_area, mask_iou, rles_to_crops
from benchmark_n.masks.batch import rle_areas
from benchmark_n.masks.outline import mask_to_polygons
from benchmark_n.runtime.progress import Progress

_BORDER = 2  # px
Row = dict[str, float]
Pair = tuple[int, int, float, float, float]


class _Record(msgspec.Struct, gc=False):
    segmentation: Any = None
    bbox: Any = None
    area: Any = None


_record = msgspec.json.Decoder(_Record)


def measure(coco: CocoFile, progress: Progress | None = None) -> Measurements:
    """The measures of all annotations.

    Parameters
    ----------
    progress
        Called with annotations done, and in all.

    Raises
    ------
    InputError
        A segmentation that is no mask of its image.
    """
    columns = {name: np.full(len(coco), np.nan) for name in COLUMNS}
    masked = with_masks(coco)
    pairs: list[Pair] = []
    done = 0
    for image_id, places in by_image(coco.image_ids).items():
        drawn = places[masked[places]].tolist()
        rles = masks_of(coco, drawn)
        some = rle_areas(rles) > 0
        masked[[i for i, full in zip(drawn, some.tolist(), strict=True) if not full]] = False
        crops = dict(zip(drawn, rles_to_crops(rles), strict=True))
        crops = {i: crop for i, crop in crops.items() if masked[i]}
        for i in places.tolist():
            row = _measures(coco, i, coco.images[image_id], crops)
            for name, value in row.items():
                columns[name][i] = value
        pairs += _pairs([i for i in places.tolist() if not coco.crowd[i]], crops, columns)
        done += len(places)
        if progress is not None:
            progress(done, len(coco))
    return Measurements(coco, masked, _joined(pairs), columns)


def _joined(pairs: Sequence[Pair]) -> Pairs:
    table = np.array(sorted(pairs), np.float64).reshape(-1, 5)
    first, second = table[:, :2].astype(np.int64).T
    return Pairs(first, second, table[:, 2], table[:, 3], table[:, 4])


def _measures(coco: CocoFile, place: int, image: Image, crops: dict[int, CropMask]) -> Row:
    record = _record.decode(coco.annotations[place])
    row: Row = {"beyond": 0.0}
    if isinstance(record.area, int | float):
        row["given_area"] = float(record.area)
    box = record.bbox
    if isinstance(box, list) and len(box) == 4 and all(isinstance(v, int | float) for v in box):
        names = ("given_x", "given_y", "given_width", "given_height")
        row |= dict(zip(names, map(float, box), strict=True))
        row["beyond"] = _beyond((box[0], box[1], box[0] + box[2], box[1] + box[3]), image)
    polygons = record.segmentation
    if not (isinstance(polygons, list) and polygons and isinstance(polygons[0], list)):
        polygons = None
    else:
        outline = measure_outline(polygons)
        if outline is not None:
            left, top, right, bottom = outline.box
            row |= {
                **{"outline_x": left, "outline_y": top},
                **{"outline_width": right - left, "outline_height": bottom - top},
                "vertices": outline.vertices,
                "outline_area": outline.area,
                "outline_fill": outline.box_fill,
                "crossing": outline.crossing,
                "beyond": max(row["beyond"], _beyond(outline.box, image)),
            }
    return row | _mask_measures(place, crops, polygons) if place in crops else row


def _beyond(box: Sequence[float], image: Image) -> float:
    """How far a box of left, top, right and bottom leaves the image, px."""
    left, top, right, bottom = box
    return max(-left, -top, right - image.width, bottom - image.height, 0.0)


def _mask_measures(
    place: int, crops: dict[int, CropMask], polygons: list[list[float]] | None
) -> Row:
    mask = crops[place]
    x, y, w, h = mask.bbox
    area = mask.area
    inner = mask.window(
        *(min(_BORDER, mask.width), min(_BORDER, mask.height)),
        *(max(mask.width - _BORDER, _BORDER), max(mask.height - _BORDER, _BORDER)),
    )
    row: Row = {
        **{"area": area, "x": x, "y": y, "width": w, "height": h},
        "thickness": _thickness(mask),
        "border_share": 1 - inner.area / area,
    }
    areas = part_areas(mask)
    row |= {"parts": len(areas), "smallest_part": int(areas[-1])}
    if polygons is None and len(areas) > 1:
        polygons = [[float(v) for v in part] for part in mask_to_polygons(mask)]
    if polygons is None or len(polygons) < 2:
        return row
    names = (("gap", "small_side", "covered"), ("stray_gap", "stray_area", "stray_covered"))
    for (gap, area_name, covered), split in zip(names, splits(polygons, LEAST_SIDES), strict=True):
        if split is not None:
            row |= {gap: split.gap, area_name: split.small}
            others = [crop for i, crop in crops.items() if i != place]
            row[covered] = covered_share(split.bridge, others)
    return row


def _thickness(mask: CropMask) -> float:
    """Diameter of the largest disc of pixels in a mask, px; beyond the crop there is nothing."""
    framed = cv2.copyMakeBorder(mask.pixels, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(0,))
    return 2 * float(cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_PRECISE).max()) - 1


def _pairs(
    places: list[int], crops: dict[int, CropMask], columns: dict[str, Floats]
) -> Iterator[Pair]:
    """Those of one image that overlap much, masks with masks and boxes with boxes."""
    drawn = [i for i in places if i in crops]
    plain = [i for i in places if i not in crops]
    boxes = _boxes(drawn, columns, ("x", "y", "width", "height"))
    for a, b in _near(boxes):
        first, second = crops[drawn[a]], crops[drawn[b]]
        iou = mask_iou(first, second)
        inside = intersection_area(first, second) / min(first.area, second.area)
        if iou >= LEAST_IOU or inside >= LEAST_INSIDE:
            yield drawn[a], drawn[b], iou, mask_iou(first, _moved(second, first)), inside
    boxes = _boxes(plain, columns, ("given_x", "given_y", "given_width", "given_height"))
    for a, b in _near(boxes):
        iou = box_iou(*(_corners(boxes[i]) for i in (a, b)))
        areas = np.prod(boxes[[a, b], 2:], axis=1)
        inside = iou * float(areas.sum() / (1 + iou) / areas.min())
        if iou >= LEAST_IOU or inside >= LEAST_INSIDE:
            yield plain[a], plain[b], iou, iou, inside


def _corners(box: Floats) -> Corners:
    x, y, w, h = box.tolist()
    return x, y, x + w, y + h


def _boxes(places: list[int], columns: dict[str, Floats], names: Sequence[str]) -> Floats:
    return np.stack([columns[name][places] for name in names], axis=1)


def _near(boxes: Floats) -> Iterator[tuple[int, int]]:
    """Pairs of boxes that overlap."""
    low, high = boxes[:, :2], boxes[:, :2] + boxes[:, 2:]
    for i in range(len(boxes) - 1):
        sides = np.minimum(high[i], high[i + 1 :]) - np.maximum(low[i], low[i + 1 :])
        for j in np.flatnonzero((sides > 0).all(axis=1)).tolist():
            yield i, i + 1 + j


def _moved(mask: CropMask, onto: CropMask) -> CropMask:
    """The mask with its box's centre on that of `onto`, to the pixel, on a canvas without end."""
    (_, _, w, h), (left, top, width, height) = mask.bbox, onto.bbox
    pixels = mask.tight().pixels
    side = 2 * max(mask.height, mask.width)
    dx, dy = (width - w) // 2, (height - h) // 2
    return CropMask(pixels, left + dx, top + dy, side, side)
