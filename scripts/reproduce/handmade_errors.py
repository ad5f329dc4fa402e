"""Errors made by hand in photographs: the files that get them, and their seeds.

Settings are chosen on `CHOOSING` and reported on `REPORTED`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

SHARED = Path(os.environ.get("BENCHMARK_N_SHARED_DATA", "../shared/data"))
HANDMADE = SHARED.parent / "cases" / "handmade.py"
CHOOSING = ({"coco_mini train": "coco_mini/instances_train.json"}, range(1, 4))
REPORTED = (
    {
        "coco_mini val": "coco_mini/instances_val.json",
        "coco128": "coco128/instances_coco128.json",
    },
    range(4, 9),
)
# Photographs whose categories are not COCO's.
LVIS = ({"lvis_double": "lvis_double/A.json"}, range(4, 9))


def with_pictures(source: Path, folder: Path) -> Path:
    """The file with the images alone whose pictures are there, as `HANDMADE` takes it.

    A file whose categories have no supercategory, as LVIS's, gets one for all of them: an error
    "inside the supercategory" is then any other category that is used.
    """
    document = json.loads(source.read_text(encoding="utf-8"))
    there = {path.name for path in (source.parent / "images").iterdir()}
    document["images"] = [one for one in document["images"] if one["file_name"] in there]
    kept = {one["id"] for one in document["images"]}
    document["annotations"] = [one for one in document["annotations"] if one["image_id"] in kept]
    for category in document["categories"]:
        category.setdefault("supercategory", "")
    path = folder / "source.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path
