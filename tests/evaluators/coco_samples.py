"""Small COCO files and detections drawn for the tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from benchmark_n.coco import CocoFile
from benchmark_n.coco.read import parse_coco

Mask = NDArray[np.uint8]


def encode(mask: Mask) -> dict[str, Any]:
    """JSON RLE of a full mask."""
    rle = coco_mask.encode(np.asfortranarray(mask))
    return {"size": rle["size"], "counts": rle["counts"].decode()}


def blob(rng: np.random.Generator, height: int, width: int) -> Mask:
    """A random ellipse, sometimes with a hole."""
    rows, columns = np.mgrid[:height, :width]
    y, x = rng.uniform(0, height), rng.uniform(0, width)
    a, b = rng.uniform(2, height / 2), rng.uniform(2, width / 2)
    distance = ((rows - y) / a) ** 2 + ((columns - x) / b) ** 2
    mask: Mask = ((distance < 1) & ~(distance < rng.choice([0.0, 0.2]))).astype(np.uint8)
    return mask


def record(mask: Mask, image_id: int, category_id: int, **fields: Any) -> dict[str, Any]:
    """A COCO record of a mask."""
    rle = encode(mask)
    return {
        "image_id": image_id,
        "category_id": category_id,
        "segmentation": rle,
        "bbox": coco_mask.toBbox(rle).tolist(),
        "area": int(mask.sum()),
        **fields,
    }


def random_case(
    seed: int, images: int = 6, categories: int = 3, size: tuple[int, int] = (60, 90)
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A COCO document with crowds, and detections: moved ground truths and nonsense, with ties."""
    rng = np.random.default_rng(seed)
    annotations: list[dict[str, Any]] = []
    detections: list[dict[str, Any]] = []
    for image in range(1, images + 1):
        for _ in range(int(rng.integers(0, 7))):
            mask = blob(rng, *size)
            category = int(rng.integers(1, categories + 1))
            crowd = int(rng.random() < 0.1)
            identity = len(annotations) + 1
            annotations.append(record(mask, image, category, id=identity, iscrowd=crowd))
            for _ in range(int(rng.integers(0, 4))):
                moved = np.roll(mask, tuple(rng.integers(-4, 5, 2)), (0, 1))
                other = int(rng.integers(1, categories + 1))
                chosen = category if rng.random() < 0.8 else other
                score = round(float(rng.random()), 1)
                detections.append(record(moved, image, chosen, score=score))
        score = round(float(rng.random()), 1)
        detections.append(record(blob(rng, *size), image, 1, score=score))
    for detection in detections:
        detection.pop("area")
    document = {
        "images": [{"id": i + 1, "height": size[0], "width": size[1]} for i in range(images)],
        "categories": [
            {"id": i + 1, "name": f"c{i + 1}", "supercategory": "even" if i % 2 else "odd"}
            for i in range(categories)
        ],
        "annotations": annotations,
    }
    return document, detections


def parse(document: dict[str, Any]) -> CocoFile:
    """The document as a checked file."""
    return parse_coco(msgspec.json.encode(document), Path("truth.json"))
