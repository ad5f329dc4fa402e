"""Errors made by hand in photographs: the files that get them, and their seeds.

Settings are chosen on `CHOOSING` and reported on `REPORTED`.
"""

from __future__ import annotations

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
