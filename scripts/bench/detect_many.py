"""Whether what is made for many annotations finds what the plain way finds, and how fast.

    python scripts/bench/detect_many.py

Old and new in one run: heads by scikit-learn's solver and by the one for many rows, neighbours of
all pairs and of cells. On the embeddings of coco128 (EfficientNet-Lite0) with a fifth of the labels
drawn anew, seeds 101 to 103, heads out of fold; on 16,000 stand-ins (see detect_scale.py) one fold
of the heads, and all neighbours.
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
from unittest.mock import patch

import numpy as np
from sklearn.metrics import average_precision_score

ROOT = Path(__file__).resolve().parents[2]
# In place of this folder, whose modules have the names of packages (datasets, mmdet).
sys.path[0] = str(ROOT)

from benchmark_n.coco import read_coco
from benchmark_n.coco.pixels import image_files
from benchmark_n.detectors.common import neighbours
from benchmark_n.detectors.knn import neighbour_shares
from benchmark_n.evidence import annotation_evidence
from benchmark_n.evidence.backbones.base import make_backbone
from benchmark_n.evidence.crops import linear_heads
from benchmark_n.evidence.crops.evidence import embed
from benchmark_n.files.provenance import environment
from scripts.bench.detect_scale import (
    CATEGORIES,
    COCO128,
    FOLDS,
    MOST_EMBEDDED,
    measure,
    noisy,
    stand_in,
)
from scripts.bench.scale import machine, save

SEEDS, COUNT, NEIGHBOURS = (101, 102, 103), 16_000, 10
RESULTS = ROOT / "scripts" / "results" / "detect-many.json"


def both(module: Any, run: Callable[[], Any], wrong: Any, labels: Any) -> dict[str, Any]:
    """Seconds and area under the precision-recall curve of both ways, and how far they part.

    `run` returns what speaks for each category, (N, K).
    """
    said, row = {}, {}
    for name, least in (("plain", 10**9), ("many", 2)):
        with patch.object(module, "MANY", least):
            start = time.process_time()
            said[name] = run()
            seconds = time.process_time() - start
        scores = 1 - said[name][np.arange(len(labels)), labels]
        area = float(average_precision_score(wrong, scores))
        row[name] = {"cpu_seconds": round(seconds, 2), "auprc": round(area, 4)}
    apart = np.abs(said["plain"] - said["many"])
    return {**row, "largest": float(apart.max()), "mean": float(apart.mean())}


def real() -> list[dict[str, Any]]:
    """Heads on the embeddings of coco128."""
    coco = read_coco(COCO128 / "instances_coco128.json")
    of = annotation_evidence(coco)
    paths = image_files(COCO128 / "images", coco.images, of.image_ids)
    features = embed(of, coco, paths, make_backbone("lite0"), workers=1).features
    folds = np.unique(of.image_ids, return_inverse=True)[1] % FOLDS
    rows = []
    for seed in SEEDS:
        labels = noisy(of.labels, seed)

        def heads(labels: Any = labels) -> Any:
            return linear_heads.cross_validate(features, labels, folds, CATEGORIES, workers=1)[0]

        made = both(linear_heads, heads, labels != of.labels, labels)
        rows.append({"what": "heads", "data": "coco128", "seed": seed, **made})
        print(json.dumps(rows[-1]), file=sys.stderr)
    return rows


def large(folder: Path) -> list[dict[str, Any]]:
    """One fold of the heads, and the neighbours, on stand-ins."""
    measure("embed", MOST_EMBEDDED, folder)
    mapped, labels = stand_in(folder / "embedded.npz", COUNT)
    features = np.asarray(mapped)
    with np.load(folder / "embedded.npz") as box:
        clean = box["labels"][np.arange(COUNT) % len(box["labels"])]
    held = np.arange(COUNT) % FOLDS == 0

    def heads() -> Any:
        head = linear_heads.fit_head(features, labels, CATEGORIES, rows=np.flatnonzero(~held))
        return head.probabilities(head.standardise(features[held]))

    def near() -> Any:
        return neighbour_shares(features, labels, CATEGORIES, NEIGHBOURS)

    wrong = labels != clean
    rows = [
        {"what": "heads, one fold", **both(linear_heads, heads, wrong[held], labels[held])},
        {"what": "neighbours", **both(neighbours, near, wrong, labels)},
    ]
    return [{"data": f"{COUNT} stand-ins", **row} for row in rows]


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        rows = real() + large(Path(name))
    results = {"machine": machine(), "environment": environment(), "compared": rows}
    save(results, arguments.out)
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
