"""Small documents for the rules: images of 200 x 100 px, shapes at given places."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from benchmark_n.coco import CocoFile, read_coco
from benchmark_n.detection.structure.measure import measure
from benchmark_n.detection.structure.rules.base import Finding, build_rule
from tests.samples import write

WIDTH, HEIGHT = 200, 100


def disc(x: float, y: float, radius: float, points: int = 24) -> list[float]:
    """A polygon around (x, y)."""
    angles = np.linspace(0, 2 * np.pi, points, endpoint=False)
    ring = np.stack([x + radius * np.cos(angles), y + radius * np.sin(angles)], 1)
    return [float(v) for v in ring.ravel()]


def rectangle(x: float, y: float, width: float, height: float) -> list[float]:
    return [x, y, x + width, y, x + width, y + height, x, y + height]


def record(identity: int, *polygons: list[float], **fields: Any) -> dict[str, Any]:
    """An annotation whose box and area are those of its polygons, as pycocotools has them."""
    rle = coco_mask.merge(coco_mask.frPyObjects([*polygons], HEIGHT, WIDTH))
    points = np.concatenate([np.reshape(p, (-1, 2)) for p in polygons])
    low, high = points.min(axis=0), points.max(axis=0)
    return {
        "id": identity,
        "image_id": 1,
        "category_id": 1,
        "iscrowd": 0,
        "segmentation": [*polygons],
        "bbox": [*low.tolist(), *(high - low).tolist()],
        "area": float(coco_mask.area(rle)),
        **fields,
    }


def as_rle(annotation: dict[str, Any]) -> dict[str, Any]:
    """The same annotation with its mask as RLE, which keeps no points."""
    parts = coco_mask.frPyObjects(annotation["segmentation"], HEIGHT, WIDTH)
    rle = coco_mask.merge(parts)
    return {**annotation, "segmentation": {**rle, "counts": rle["counts"].decode()}}


def document(*annotations: dict[str, Any], images: int = 1) -> dict[str, Any]:
    return {
        "images": [
            {"id": i + 1, "width": WIDTH, "height": HEIGHT, "file_name": f"{i + 1}.png"}
            for i in range(images)
        ],
        "annotations": [*annotations],
        "categories": [{"id": 1, "name": "cup"}, {"id": 2, "name": "tv"}],
    }


def read(folder: Path, *annotations: dict[str, Any], images: int = 1) -> CocoFile:
    return read_coco(write(folder, document(*annotations, images=images)))


def found(
    rule: str, folder: Path, *annotations: dict[str, Any], images: int = 1, **options: Any
) -> list[Finding]:
    """What one rule finds in a document of these annotations."""
    measured = measure(read(folder, *annotations, images=images))
    return list(build_rule(rule, options).find(measured))
