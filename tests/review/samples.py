"""Small reviews: a COCO file with images, and scores of its annotations."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np

from benchmark_n.review import export_review
from benchmark_n.review.items import Review
from benchmark_n.tables.scores import scores_table, write_scores
from tests.samples import document, write

SUGGESTED = {"size": [60, 50], "counts": [610, 20, 40, 20, 40, 20, 2250]}


def source(folder: Path) -> Path:
    """The sample document with fields of its own, and its images."""
    data = document()
    data["annotations"][0]["note"] = {"kept": [1.50, "é"]}
    data["licenses"] = [{"id": 1}]
    rng = np.random.default_rng(0)
    for image in data["images"]:
        pixels = rng.integers(0, 255, (image["height"], image["width"], 3), np.uint8)
        cv2.imwrite(str(folder / image["file_name"]), pixels)
    return write(folder, data)


def scores(path: Path, rows: list[dict[str, Any]], detector: str = "cleanlab") -> Path:
    """A scores file of the given rows."""
    columns = {name: [row.get(name) for row in rows] for name in rows[0]}
    write_scores(scores_table(columns, {"detector": detector}), path)
    return path


def row(
    identity: int | None,
    kind: str,
    score: float,
    *,
    image_id: int = 1,
    flagged: bool = True,
    category: int | None = None,
    mask: dict[str, Any] | None = None,
) -> dict[str, Any]:
    text = None if mask is None else json.dumps(mask)
    return {
        "annotation_id": identity,
        "image_id": image_id,
        "kind": kind,
        "score": score,
        "flagged": flagged,
        "suggested_category": category,
        "suggested_segmentation": text,
    }


ROWS = [
    row(7, "class", 0.9, category=2),
    row(8, "class", 0.2, flagged=False, category=1),
    row(9, "class", 0.5, image_id=2),
    row(7, "spatial", 0.1, flagged=False),
    row(9, "spatial", 0.8, image_id=2, mask=SUGGESTED),
    row(None, "missing", 0.6, image_id=2, category=1, mask=SUGGESTED),
]


def exported(folder: Path, to: str = "csv", **options: Any) -> Review:
    """A review in ``folder/review`` of the sample's four suspects: 7, 9, 10 (proposed), 8."""
    annotations = source(folder)
    table = scores(folder / "scores.parquet", ROWS)
    settings = {"annotations": annotations, "images": folder, "guideline": "v3", **options}
    return export_review([table], to, folder / "review", **settings)


def decide(folder: Path, decisions: dict[int, dict[str, str]], name: str = "filled.csv") -> Path:
    """The exported table with the reviewer's columns filled in."""
    with (folder / "review" / "decisions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for entry in rows:
        entry |= decisions.get(int(entry["annotation_id"]), {})
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def page_data(review: Path) -> dict[str, Any]:
    """What the page of a review holds for its script."""
    text = (review / "decide.html").read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def page_file(
    review: Path, decided: list[dict[str, Any]], name: str = "decisions.json", **changes: Any
) -> Path:
    """What the page gives back: decisions, each with who, when and ms if it has none."""
    names = ("format", "version", "source_sha256", "run_sha256", "guideline")
    told = {"decision": "keep", "who": "anna", "when": "2026-02-01T10:00:00.000Z", "ms": 1500}
    head = {key: value for key, value in page_data(review).items() if key in names}
    document = {**head, "decisions": [told | one for one in decided], **changes}
    path = review.parent / name
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def corrected(folder: Path) -> dict[str, Any]:
    """The corrected file of the review, without its lineage."""
    data: dict[str, Any] = json.loads((folder / "review" / "corrected.json").read_text())
    assert list(data)[-1] == "benchmark_n_lineage"
    del data["benchmark_n_lineage"]
    return data


def audit(folder: Path) -> list[dict[str, Any]]:
    """The lines of the audit trail."""
    path = folder / "review" / "audit.jsonl"
    return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]
