#!/usr/bin/env python3
"""What the joint list of `detect` finds of errors made by hand.

The errors are those of ``handmade.py``: wrong categories, shifts, loose outlines, deletions,
invented annotations, and three structural kinds. Settings were chosen on ``coco_mini``'s train
split with seeds 1 to 3; reported are its val split (val2017, whose labels the object detectors have
not seen), ``coco128`` (train2017: they have) and the first person's annotations of ``lvis_double``
(pictures of val2017, categories of LVIS) with seeds 4 to 8. An annotation counts as right
where nobody changed it, so that what was wrong in the files as published counts against the list.

*Without rules* is the list without structural rules and without the structural errors.

    python scripts/reproduce/joint.py [--choosing] [--only NAME] [--seed N]
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from handmade_errors import CHOOSING, HANDMADE, LVIS, REPORTED, SHARED, with_pictures
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

import benchmark_n
from benchmark_n import EvidenceOptions
from benchmark_n.detection.structure.rules.base import RULES

RESULTS = Path(__file__).parents[1] / "results" / "joint"
STRUCTURAL = ("duplicate", "boxmask", "merged")
MATCH = 0.5
PROPOSALS = 60


def main() -> None:
    """Measure every file and seed, then write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--choosing", action="store_true", help="the data settings are chosen on")
    parser.add_argument("--only", metavar="NAME", help="one of the files, beside kept figures")
    parser.add_argument("--seed", type=int, help="one of the seeds, beside kept figures")
    arguments = parser.parse_args()
    files, seeds = CHOOSING if arguments.choosing else ({**REPORTED[0], **LVIS[0]}, REPORTED[1])
    target = RESULTS.with_name(RESULTS.name + ("-choosing" if arguments.choosing else "") + ".json")
    for name, path in files.items():
        if arguments.only not in (None, name):
            continue
        for seed in [arguments.seed] if arguments.seed is not None else seeds:
            row = measured(SHARED / path, seed)
            data = json.loads(target.read_text()) if target.is_file() else {}
            kept = {**data.get(name, {}).get("seeds", {}), str(seed): row}
            data[name] = {"mean": mean(list(kept.values())), "seeds": dict(sorted(kept.items()))}
            target.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
            print(name, seed, json.dumps(row), flush=True)


def measured(source: Path, seed: int) -> dict[str, Any]:
    """One file with the errors of one seed."""
    images = source.parent / "images"
    with tempfile.TemporaryDirectory() as folder:
        source = with_pictures(source, Path(folder))
        subprocess.run([sys.executable, HANDMADE, str(seed), source, folder], check=True)
        path = Path(folder) / "my.json"
        truth = json.loads((Path(folder) / "truth.json").read_text())
        start = time.process_time()
        options = EvidenceOptions(evidence_dir=Path(folder) / "evidence")
        found = benchmark_n.detect_jointly(path, images, evidence=options)
        seconds = time.process_time() - start
        near = Path(folder) / "near-perfect.json"
        near.write_text(json.dumps(near_perfect(source, seed)))
        options = EvidenceOptions((f"predictions:{near}",), evidence_dir=Path(folder) / "evidence")
        given = benchmark_n.detect_jointly(path, images, evidence=options)
    plain = rates(found.suspects, truth, rules=False)
    return {
        "annotations": len(found.evidence),
        "cpu_seconds_per_1000": round(1000 * seconds / len(found.evidence), 1),
        "expected_errors": round(found.expected, 1),
        "without_rules": plain,
        "with_rules": rates(found.suspects, truth, rules=True),
        "near_perfect_predictions": rates(given.suspects, truth, rules=False),
    }


def near_perfect(source: Path, seed: int) -> list[dict[str, Any]]:
    """The masks as published as predictions of scores .7 to 1, without 3 % of them."""
    rng = random.Random(seed)
    coco = COCO(str(source))
    rows = []
    for one in coco.dataset["annotations"]:
        rle = coco.annToRLE(one)
        if one["iscrowd"] or coco_mask.area(rle) == 0 or rng.random() < 0.03:
            continue
        segmentation = {"size": rle["size"], "counts": rle["counts"].decode()}
        rows.append(
            {
                "image_id": one["image_id"],
                "category_id": one["category_id"],
                "segmentation": segmentation,
                "score": round(rng.uniform(0.7, 1.0), 3),
            }
        )
    return rows


def rates(suspects: Any, truth: list[dict[str, Any]], *, rules: bool) -> dict[str, Any]:
    """Precision at the head of the list, and what of each kind is in its first hundred."""
    kinds = {error["id"]: error["kind"] for error in truth if error["kind"] != "deleted"}
    kinds |= {error["also"]: error["kind"] for error in truth if "also" in error}
    gone = [error for error in truth if error["kind"] == "deleted"]
    taken: set[int] = set()
    hits, proposals = [], []
    for one in suspects if rules else ranked_without_rules(suspects):
        if one.annotation_id is None:
            kind = deleted(one, gone, taken)
            proposals.append(kind)
        else:
            kind = kinds.get(one.annotation_id)
        if rules or kind not in STRUCTURAL:
            hits.append(kind)
    head = Counter(kind for kind in hits[:100] if kind)
    return {
        "precision_at_50": float(np.mean([kind is not None for kind in hits[:50]])),
        "precision_at_100": float(np.mean([kind is not None for kind in hits[:100]])),
        "first_100": dict(head),
        "deletions_in_60_proposals": sum(kind is not None for kind in proposals[:PROPOSALS]),
    }


def ranked_without_rules(suspects: Any) -> list[Any]:
    """The suspects by what detectors say alone."""
    rules = set(RULES.names())

    def probability(one: Any) -> float:
        own = [1 - reason.probability for reason in one.reasons if reason.source not in rules]
        return 1 - float(np.prod(own))

    return sorted(suspects, key=lambda one: -probability(one))


def deleted(one: Any, gone: list[dict[str, Any]], taken: set[int]) -> str | None:
    """``deleted`` where the proposal is a deleted annotation, each of which counts once."""
    box = coco_mask.toBbox(json.loads(one.suggested_segmentation))
    for error in gone:
        if error["image"] == one.image_id and error["id"] not in taken:
            overlap = coco_mask.iou(box[None], np.array([error["bbox"]], float), [0])
            if overlap[0, 0] >= MATCH:
                taken.add(error["id"])
                return "deleted"
    return None


def mean(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Means over the seeds, value by value; a kind that a seed lacks counts as none."""
    made: dict[str, Any] = {}
    for name in dict.fromkeys(key for row in rows for key in row):
        values = [row.get(name, 0) for row in rows]
        if isinstance(rows[0].get(name), dict):
            made[name] = mean([value or {} for value in values])
        else:
            made[name] = round(float(np.mean(values)), 3)
    return made


if __name__ == "__main__":
    main()
