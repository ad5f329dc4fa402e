"""Drawn photographs of bright shapes, some with masks that are too wide, for the self-fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmark_n.coco.pixels import Pixels
from benchmark_n.masks import CropMask
from benchmark_n.masks.outline import mask_to_polygons

SIDE = 128
_PLACES = ((34, 34), (94, 34), (34, 94), (94, 94))


def draw(folder: Path, images: int, wrong_share: float = 0.25, seed: int = 0) -> set[int]:
    """Write ``in.json`` and its pictures; the ids of the annotations whose mask is too wide."""
    rng = np.random.default_rng(seed)
    records: list[dict[str, Any]] = []
    wrong = set()
    for number in range(1, images + 1):
        noise = rng.normal(0, 12, (SIDE, SIDE, 3))
        pixels = np.asarray(80 + cv2.GaussianBlur(noise, (0, 0), 1.0), np.float64)
        for place in _PLACES:
            identity = len(records) + 1
            axes = tuple(int(value) for value in rng.integers(12, 20, 2))
            shape = np.zeros((SIDE, SIDE), np.uint8)
            cv2.ellipse(shape, place, axes, float(rng.uniform(0, 180)), 0, 360, 1, -1)
            pixels[shape > 0] += rng.uniform(60, 140, 3)
            given: Pixels = shape
            if rng.random() < wrong_share:
                given = np.asarray(cv2.dilate(shape, np.ones((9, 9), np.uint8)), np.uint8)
                wrong.add(identity)
            records.append(record(identity, number, given))
        cv2.imwrite(str(folder / f"{number}.png"), np.clip(pixels, 0, 255).astype(np.uint8))
    size = {"width": SIDE, "height": SIDE}
    document = {
        "images": [{"id": i, "file_name": f"{i}.png", **size} for i in range(1, images + 1)],
        "annotations": records,
        "categories": [{"id": 1, "name": "ellipse"}],
    }
    (folder / "in.json").write_text(json.dumps(document))
    return wrong


def record(identity: int, image_id: int, mask: Pixels) -> dict[str, Any]:
    """An annotation with the polygons of a mask."""
    crop = CropMask.from_full(mask)
    polygons = mask_to_polygons(crop)
    fields = {"id": identity, "image_id": image_id, "category_id": 1, "iscrowd": 0}
    return {**fields, "segmentation": polygons, "bbox": list(crop.bbox), "area": crop.area}
