"""Two files about the same images, written down for the tests of joining."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

from benchmark_n.coco import CocoFile
from benchmark_n.coco.read import parse_coco

Document = dict[str, Any]


def document(
    names: list[str | None], categories: list[str], boxes: list[tuple[int, int, list[int]]]
) -> Document:
    """Images of 64x48 px by file name, categories, and (image, category, box) by places.

    All ids count from 1; a None is an image without a name.
    """
    return {
        "images": [
            {"id": i, "width": 64, "height": 48, **({"file_name": name} if name else {})}
            for i, name in enumerate(names, 1)
        ],
        "categories": [{"id": i, "name": name} for i, name in enumerate(categories, 1)],
        "annotations": [
            {
                "id": i,
                "image_id": image + 1,
                "category_id": category + 1,
                "segmentation": [[x, y, x + w, y, x + w, y + h, x, y + h]],
                "bbox": [x, y, w, h],
                "area": w * h,
                "iscrowd": 0,
            }
            for i, (image, category, (x, y, w, h)) in enumerate(boxes, 1)
        ],
    }


def renumbered(
    data: Document,
    images: dict[int, int] | None = None,
    categories: dict[int, int] | None = None,
    annotations: dict[int, int] | None = None,
) -> Document:
    """The same under other ids; an id that a table lacks stays."""
    made = copy.deepcopy(data)
    tables = {"images": images or {}, "categories": categories or {}}
    for section, table in tables.items():
        for record in made[section]:
            record["id"] = table.get(record["id"], record["id"])
    for record in made["annotations"]:
        record["id"] = (annotations or {}).get(record["id"], record["id"])
        record["image_id"] = tables["images"].get(record["image_id"], record["image_id"])
        record["category_id"] = tables["categories"].get(
            record["category_id"], record["category_id"]
        )
    return made


def under_other_numbers(data: Document, rng: random.Random) -> Document:
    """The same with images, categories, annotations renumbered, shuffled, or both, or neither."""
    tables: dict[str, dict[int, int]] = {}
    for section in ("images", "categories", "annotations"):
        ids = [record["id"] for record in data[section]]
        others = rng.sample([*ids, *range(1000, 1010)], len(ids))
        tables[section] = dict(zip(ids, others, strict=True)) if rng.random() < 0.7 else {}
    made = renumbered(data, **tables)
    for section in tables:
        if rng.random() < 0.5:
            rng.shuffle(made[section])
    return made


def parsed(data: Document, name: str) -> CocoFile:
    """The document as if read from a file of this name."""
    return parse_coco(json.dumps(data).encode(), Path(name))
