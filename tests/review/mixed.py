"""A set with known errors, and reviews of it with an audit sample and planted errors."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmark_n.review import SampleOptions, export_review
from benchmark_n.review.items import Review
from tests.review import samples

SIZE, A_IMAGE, IMAGES = 120, 6, 100
NAMES = {1: "cat", 2: "dog", 3: "cow"}
TRUE = "cat"
CLASS_RECIPE = """
name: swaps
version: 1
description: every annotation in another category
noises:
  class_confusion: {probability: 1.0, scope: all}
"""


def document(rng: np.random.Generator) -> dict[str, Any]:
    """600 octagons, all of them cats."""
    annotations = []
    for number in range(IMAGES * A_IMAGE):
        x, y = 20 + 40 * (number % 3), 30 + 60 * (number // 3 % 2)
        turns = np.arange(8) * np.pi / 4
        radius = rng.uniform(12, 18)
        points = [(x + radius * np.cos(t), y + radius * np.sin(t)) for t in turns]
        annotations.append(
            {
                "id": number + 1,
                "image_id": number // A_IMAGE + 1,
                "category_id": 1,
                "segmentation": [[round(float(v), 2) for point in points for v in point]],
                "bbox": [x - radius, y - radius, 2 * radius, 2 * radius],
                "area": 4 * radius * radius,
                "iscrowd": 0,
            }
        )
    return {
        "images": [
            {"id": i, "height": SIZE, "width": SIZE, "file_name": f"{i}.png"}
            for i in range(1, IMAGES + 1)
        ],
        "categories": [{"id": i, "name": name} for i, name in NAMES.items()],
        "annotations": annotations,
    }


def exported(
    folder: Path,
    sampling: SampleOptions,
    *,
    wrong: int = 60,
    proposals: int = 0,
    top: int = 40,
    seed: int = 0,
    to: str = "csv",
) -> tuple[Review, set[int]]:
    """A review in ``folder/review``, and the ids of the annotations that are no cats.

    Scores go along with the errors, and not wholly.
    """
    rng = np.random.default_rng(seed)
    data = document(rng)
    errors = set(rng.choice(np.arange(1, len(data["annotations"]) + 1), wrong, replace=False))
    for one in data["annotations"]:
        if one["id"] in errors:
            one["category_id"] = int(rng.integers(2, 4))
    (folder / "set.json").write_text(json.dumps(data))
    scores = np.clip(
        [rng.normal(0.6 if a["id"] in errors else 0.35, 0.15) for a in data["annotations"]], 0, 1
    )
    rows = [
        samples.row(
            one["id"], "class", score, image_id=one["image_id"], flagged=score > 0.6, category=1
        )
        for one, score in zip(data["annotations"], scores.tolist(), strict=True)
    ]
    square = {"size": [SIZE, SIZE], "counts": [SIZE * 2, 9, SIZE * (SIZE - 2) - 9]}
    rows += [
        samples.row(None, "missing", 0.99, image_id=i, category=1, mask=square)
        for i in range(1, proposals + 1)
    ]
    table = samples.scores(folder / "scores.parquet", rows)
    review = export_review(
        [table],
        to,
        folder / "review",
        annotations=folder / "set.json",
        top=top,
        sampling=sampling,
    )
    return review, {int(i) for i in errors}


def private(folder: Path) -> dict[str, Any]:
    """What the reviewers do not get."""
    data: dict[str, Any] = json.loads((folder / "review" / "private" / "sample.json").read_text())
    return data


def shown(folder: Path) -> list[dict[str, str]]:
    """The rows that reviewers get."""
    with (folder / "review" / "decisions.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def decide(
    folder: Path, decision: Callable[[dict[str, str]], Mapping[str, str]], name: str = "a.csv"
) -> Path:
    """The table as a reviewer fills it in who sees its rows alone."""
    chosen = {int(row["annotation_id"]): dict(decision(row)) for row in shown(folder)}
    return samples.decide(folder, chosen, name)


def by_the_truth(row: Mapping[str, str]) -> dict[str, str]:
    """All are cats: what is given as another animal is relabelled."""
    if row["given"] == TRUE:
        return {"decision": "keep"}
    return {"decision": "relabel", "category": TRUE}
