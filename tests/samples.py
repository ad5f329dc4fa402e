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


def with_further_fields(data: dict[str, Any]) -> dict[str, Any]:
    """A document with what tools add: class names, attributes, counts, sections; a crowd too."""
    data = copy.deepcopy(data)
    names = {category["id"]: category["name"] for category in data["categories"]}
    for number, record in enumerate(data["annotations"]):
        name = names[record["category_id"]]
        own = dict(record)
        record.clear()  # further fields come before COCO's own, and after them
        record |= {"category_name": name, **own, "attributes": {"label": name, "occluded": False}}
        if number % 2:
            record["annotator"] = ("anna", "ben")[number // 2 % 2]
        record["iscrowd"] = int(number == 3)
    for number, image in enumerate(data["images"]):
        inside = [a for a in data["annotations"] if a["image_id"] == image["id"]]
        image |= {"num_objects": len(inside), "guideline": f"v{number % 2}", "site": "north"}
    for category in data["categories"]:
        inside = [a for a in data["annotations"] if a["category_id"] == category["id"]]
        counts = {
            "instance_count": len(inside),
            "image_count": len({a["image_id"] for a in inside}),
        }
        category |= {**counts, "synset": f"{category['name']}.n.01", "num_boxes": len(inside)}
    return {"attribute_table": [{"name": "label"}], **data, "videos": []}
