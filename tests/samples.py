"""Small COCO documents for the tests."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

SQUARE = [[10.0, 10.0, 40.0, 10.0, 40.0, 40.0, 10.0, 40.0]]


def document() -> dict[str, Any]:
    """Two images, three categories in two supercategories, three annotations."""
    return {
        "info": {"description": "a sample"},
        "images": [
            {"id": 1, "width": 64, "height": 48, "file_name": "a.png"},
            {"id": 2, "width": 50, "height": 60, "file_name": "b.png"},
        ],
        "annotations": [
            annotation(7, 1),
            annotation(8, 1, category_id=2, segmentation=[[1, 1, 20, 2, 9, 20]]),
            annotation(9, 2, category_id=3),
        ],
        "categories": [
            {"id": 1, "name": "cat", "supercategory": "animal"},
            {"id": 2, "name": "dog", "supercategory": "animal"},
            {"id": 3, "name": "person", "supercategory": "person"},
        ],
    }


def annotation(identity: int, image_id: int, **fields: Any) -> dict[str, Any]:
    """A record with a square mask, changed by `fields`."""
    record = {
        "id": identity,
        "image_id": image_id,
        "category_id": 1,
        "segmentation": copy.deepcopy(SQUARE),
        "area": 900.0,
        "bbox": [10.0, 10.0, 30.0, 30.0],
        "iscrowd": 0,
    }
    return {**record, **fields}


def write(folder: Path, data: Any, name: str = "instances.json") -> Path:
    """Write a document as JSON, NaN allowed, as Python does."""
    path = folder / name
    path.write_text(json.dumps(data), encoding="utf-8")
    return path
