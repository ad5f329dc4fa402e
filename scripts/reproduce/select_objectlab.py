"""Choose which predictions ObjectLab is to believe, on data that no table reports.

The annotations are those of ``coco_mini``'s train split; no detections of it exist, so they are
simulated: each true instance is found with a chance, in a moved box, now and then under another
category, and its score follows how clear it was; false ones and up to 50 an image of the lowest
scores are added, as detectors with a small score floor write them. Of the given annotations one
in twenty gets another category, and one in twenty is taken away; seeds run from 101. A rule is a
function of the scores and the least value of it; those that read the order alone have the same
figures on all three scales.

    python scripts/reproduce/select_objectlab.py [--seeds 6]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from detector_parts import SHARED
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from benchmark_n.coco import read_coco
from benchmark_n.detectors import Evidence, build_detector, run_detector
from benchmark_n.detectors.objectlab import sureness
from benchmark_n.evidence import InstanceSet, annotation_evidence
from benchmark_n.experiments.detector_seeds import Row
from benchmark_n.experiments.seed_tables import markdown

RESULTS = Path(__file__).parents[1] / "results" / "selection-objectlab"
FIRST_SEED = 101
TAILS = (0, 10, 50)
RATE = 0.05
Floats = NDArray[np.float64]
SCALES: dict[str, Callable[[Floats], Floats]] = {
    "even": lambda scores: scores,
    "timid": lambda scores: scores / 2,
    "bold": lambda scores: scores ** (1 / 4),
}
# Scores and number of annotations to what the least value is compared with.
RULES: dict[str, Callable[[Floats, int], Floats]] = {
    "score": lambda scores, count: scores,
    "quantile": lambda scores, count: (
        np.searchsorted(np.sort(scores), scores, side="right") / len(scores)
    ),
    "sureness": sureness,
}
LEAST = {
    "score": (0.95, 0.5),
    "quantile": (0.9, 0.75, 0.5, 0.25, 0.1),
    "sureness": (0.8, 0.7, 0.6, 0.5, 0.4, 0.3),
}


@cache
def truth() -> Evidence:
    """The annotations of the train split."""
    return annotation_evidence(read_coco(SHARED / "coco_mini" / "instances_train.json"))


def simulated(true: Evidence, seed: int, tail: int) -> InstanceSet:
    """What a detector might find, and `tail` boxes an image of next to no score."""
    rng = np.random.default_rng([seed, tail])
    count, categories = len(true), len(true.category_ids)
    boxes = true.boxes.astype(float)
    clear = rng.normal(0, 1, count) + 0.3 * np.log(boxes[:, 2] * boxes[:, 3] / 96**2)
    found = np.flatnonzero(clear > -1.5)
    false = rng.integers(0, count, count // 3)
    # The rest lies where instances of any image lie, moved by its own size.
    low = rng.integers(0, count, tail * len(np.unique(true.image_ids)))
    rows = np.concatenate([found, false, low])
    kind = np.repeat([0, 1, 2], [len(found), len(false), len(low)])
    images = np.where(kind == 0, true.image_ids[rows], rng.permutation(true.image_ids[rows]))
    spread = np.choose(kind, [0.05, 0.3, 1.0])[:, None] * boxes[rows][:, [2, 3, 2, 3]]
    moved = np.maximum(boxes[rows] + spread * rng.normal(0, 1, spread.shape), 1)
    wrong = rng.random(len(rows)) < np.choose(kind, [0.25 / (1 + np.exp(2 * clear[rows])), 0, 0.5])
    labels = np.where(wrong, rng.integers(0, categories, len(rows)), true.labels[rows])
    logits = np.choose(kind, [1.5 * clear[rows] + 1, -1.5, -4]) + rng.normal(0, 0.7, len(rows))
    return InstanceSet(
        images,
        labels,
        1 / (1 + np.exp(-logits)),
        moved,
        tuple(true.masks[i] for i in rows.tolist()),
        np.zeros(len(rows), np.int64),
    )


def spoilt(true: Evidence, seed: int) -> tuple[Evidence, NDArray[np.bool_], NDArray[np.intp]]:
    """The given annotations, which of them have another category, and the places taken away."""
    rng = np.random.default_rng(seed)
    number = int(RATE * len(true))
    order = rng.permutation(len(true))
    swapped, gone = order[:number], order[number : 2 * number]
    labels = true.labels.copy()
    categories = len(true.category_ids)
    labels[swapped] = (labels[swapped] + rng.integers(1, categories, number)) % categories
    kept = np.sort(order[np.r_[:number, 2 * number : len(true)]])
    given = replace(
        true,
        annotation_ids=true.annotation_ids[kept],
        image_ids=true.image_ids[kept],
        labels=labels[kept],
        boxes=true.boxes[kept],
        masks=tuple(true.masks[i] for i in kept.tolist()),
    )
    return given, np.isin(kept, swapped), gone


def measured(given: Evidence, swapped: NDArray[np.bool_], lost: Evidence, least: float) -> Row:
    """Class AUPRC and F1 of the flags; F1 of the instances proposed."""
    table = run_detector(build_detector("objectlab", {"confidence": least}), given).to_pandas()
    rows = table[table.kind == "class"]
    flagged = rows.flagged.to_numpy()
    hits = int((flagged & swapped).sum())
    proposed = table[(table.kind == "missing") & table.flagged]
    right = _recovered(proposed, lost)
    return {
        "auprc": float(average_precision_score(swapped, rows.score)),
        "class_f1": 2 * hits / (int(flagged.sum()) + int(swapped.sum())),
        "missing_f1": 2 * right / (len(proposed) + len(lost)),
    }


def _recovered(proposed: Any, lost: Evidence) -> int:
    """Number of lost annotations that a proposal of their category has the mask of."""
    given = [json.loads(text) for text in proposed.suggested_segmentation]
    keys = {
        (image, category, rle["counts"].encode())
        for image, category, rle in zip(
            proposed.image_id, proposed.suggested_category, given, strict=True
        )
    }
    wanted = zip(lost.image_ids, lost.category_ids[lost.labels], lost.masks, strict=True)
    return sum((image, category, mask["counts"]) in keys for image, category, mask in wanted)


def measure(seeds: range) -> Iterator[Row]:
    """Each rule under each seed, tail and scale."""
    true = truth()
    for seed in seeds:
        given, swapped, gone = spoilt(true, seed)
        lost = replace(
            true,
            annotation_ids=true.annotation_ids[gone],
            image_ids=true.image_ids[gone],
            labels=true.labels[gone],
            boxes=true.boxes[gone],
            masks=tuple(true.masks[i] for i in gone.tolist()),
        )
        for tail in TAILS:
            found = simulated(true, seed, tail)
            for rule, values in RULES.items():
                for scale in SCALES if rule == "score" else ("any",):
                    scores = SCALES.get(scale, SCALES["even"])(found.scores)
                    ready = replace(found, scores=values(scores, len(given)))
                    evidence = replace(given, predictions=ready)
                    for least in LEAST[rule]:
                        row = {"rule": rule, "least": least, "scale": scale, "tail": tail}
                        yield {**row, "seed": seed, **measured(evidence, swapped, lost, least)}


def as_markdown(rows: list[Row]) -> str:
    """Means over the seeds."""
    groups: dict[tuple[str, float, str, int], list[Row]] = {}
    for row in rows:
        key = (row["rule"], row["least"], row["scale"], row["tail"])
        groups.setdefault(key, []).append(row)
    names = ("auprc", "class_f1", "missing_f1")
    table = [
        [*key, *(f"{np.mean([row[name] for row in group]):.3f}" for name in names)]
        for key, group in groups.items()
    ]
    heads = ["rule", "least", "scale", "low boxes an image"]
    return markdown([*heads, "class AUPRC", "F1 of class flags", "F1 of proposals"], table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=6)
    seeds = range(FIRST_SEED, FIRST_SEED + parser.parse_args().seeds)
    rows = list(measure(seeds))
    RESULTS.with_suffix(".json").write_text(json.dumps(rows, indent=1) + "\n")
    table = as_markdown(rows)
    RESULTS.with_suffix(".md").write_text(table)
    print(table)


if __name__ == "__main__":
    main()
