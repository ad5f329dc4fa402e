"""CPU time of ten hot functions on fixed inputs, and what another version takes of it.

    python scripts/bench/hot.py                          microseconds a call
    python scripts/bench/hot.py --save old.json          the same, kept
    python scripts/bench/hot.py --compare old.json       ratios, new to old
    python scripts/bench/hot.py --only boundary,digest

Inputs are drawn from one seed and are the same everywhere. Each function is called in batches of a
tenth of a second of CPU time; the fastest batch of `--rounds` counts, as whatever else a machine
does only adds to it. Two files say something of each other where they are of one machine, best run
in turns.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# In place of this folder, whose modules have the names of packages (datasets, mmdet).
sys.path[0] = str(Path(__file__).resolve().parents[2])

import numpy as np

from benchmark_n.coco.predictions import detection_arrays, read_predictions
from benchmark_n.coco.read import parse_coco
from benchmark_n.evaluators.average_precision.boundary import boundary_band
from benchmark_n.evaluators.average_precision.engines import build_problem, run
from benchmark_n.evaluators.average_precision.matches import (
    matches_by_category,
    weighted_precision,
)
from benchmark_n.evaluators.label_errors.measures import ScoredItems
from benchmark_n.evaluators.label_errors.resampling import replicates
from benchmark_n.masks import crops_to_rles, rles_to_crops
from benchmark_n.masks.batch import segmentations_to_rles
from benchmark_n.noise.chunks import chunks
from benchmark_n.noise.engine import Engine
from benchmark_n.noise.plan import decide, resolve
from benchmark_n.noise.recipe import load_recipe
from benchmark_n.tables.manifest import ManifestWriter, open_manifest
from benchmark_n.tables.manifest_schema import manifest_schema
from benchmark_n.tables.row_digest import RowDigest
from scripts.bench.eval import HEIGHT, WIDTH, draw

IMAGES = 60
BATCH = 0.1
Call = Callable[[], Any]


def functions(folder: Path) -> dict[str, Call]:
    """Ten functions by name, each a call on inputs that are ready."""
    text, found = draw(IMAGES)
    coco = parse_coco(text, folder / "truth.json")
    path = folder / "found.json"
    path.write_text(json.dumps(found))
    predictions = read_predictions(path, coco)
    segmentations, sizes = [one["segmentation"] for one in found], [(HEIGHT, WIDTH)] * len(found)
    rles = segmentations_to_rles(segmentations, sizes, lambda _, fault: ValueError(fault))
    crops = list(rles_to_crops(rles))
    recipe = resolve(load_recipe("hard-v1"), coco)
    engine = Engine(recipe.noises, 1, "truth.json", 0.02)
    parts = list(chunks(recipe, coco, decide(recipe, coco, 1), coco.annotation_ids, 500))
    return {
        "parse_coco": lambda: parse_coco(text, folder / "truth.json"),
        "read_predictions": lambda: read_predictions(path, coco),
        "detection_arrays": lambda: detection_arrays(
            predictions, coco.images, masks=True, box_areas=False
        ),
        "rles_to_crops": lambda: list(rles_to_crops(rles)),
        "crops_to_rles": lambda: crops_to_rles(crops),
        "boundary": lambda: [boundary_band(crop, 0.02) for crop in crops[:100]],
        "engine": lambda: [engine(part) for part in parts],
        "digest": _digest(folder / "rows.parquet"),
        **_resampling(coco, predictions),
    }


def _digest(path: Path, rows: int = 20_000) -> Call:
    """The digest of a manifest of untouched annotations."""
    schema = manifest_schema()
    columns = {
        "annotation_id": np.arange(rows).tolist(),
        "image_id": (np.arange(rows) // 7).tolist(),
        "origin": ["source"] * rows,
        "crowd": [False] * rows,
        "deleted": [False] * rows,
    }
    with ManifestWriter(path, schema) as writer:
        writer.write(columns)
    table = open_manifest(path).read()
    return lambda: RowDigest(table.schema).update(table)


def _resampling(coco: Any, predictions: Any) -> dict[str, Call]:
    """Replicates of label-error measures, and average precision of weighted images."""
    rng = np.random.default_rng(0)
    scores, wrong = rng.random(10_000), rng.random(10_000) < 0.3
    items = ScoredItems(scores, wrong, scores > 0.7, np.arange(10_000) // 7, 10_000 // 7 + 1)
    problem, _ = build_problem(coco, predictions, "bbox", 100, 0.02, None)
    cells = run(problem, "pycocotools")[1].cells
    assert cells is not None
    matches = matches_by_category(cells, len(problem.category_ids), IMAGES, 0)
    weights = rng.multinomial(IMAGES, np.full(IMAGES, 1 / IMAGES), 50)
    return {
        "replicates": lambda: replicates(items, 10, seed=0),
        "weighted_precision": lambda: [weighted_precision(one, weights) for one in matches],
    }


def fastest(call: Call, rounds: int) -> float:
    """Least CPU microseconds of a call, over batches of about `BATCH` seconds."""
    call()
    start = time.process_time()
    call()
    count = max(1, round(BATCH / max(time.process_time() - start, 1e-6)))
    found = []
    for _ in range(rounds):
        start = time.process_time()
        for _ in range(count):
            call()
        found.append((time.process_time() - start) / count)
    return 1e6 * min(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", type=lambda text: text.split(","))
    parser.add_argument("--save", type=Path)
    parser.add_argument("--compare", type=Path)
    asked = parser.parse_args()
    old = json.loads(asked.compare.read_text()) if asked.compare else {}
    with tempfile.TemporaryDirectory() as name:
        calls = functions(Path(name))
        unknown = set(asked.only or ()) - set(calls)
        if unknown:
            parser.error(f"no function {', '.join(sorted(unknown))}: expected {', '.join(calls)}")
        new = {one: fastest(calls[one], asked.rounds) for one in asked.only or calls}
    for one, value in new.items():
        ratio = f"  {value / old[one]:5.2f} of {old[one]:.0f}" if one in old else ""
        print(f"{one:20} {value:10.0f} us{ratio}")
    if asked.save:
        asked.save.write_text(json.dumps(new, indent=2) + "\n")


if __name__ == "__main__":
    main()
