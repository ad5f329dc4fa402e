"""A COCO file and a model's predictions out of a drawn scene, whose errors are known."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.detectors.detected.scenes import SIDE, Scene, scene
from tests.detectors.samples import box_mask


@dataclass(frozen=True)
class Files:
    """The annotation file, the predictions, and what is wrong with the annotations."""

    annotations: Path
    predictions: Path
    scene: Scene


def write_files(folder: Path, images: int = 90) -> Files:
    """Files without pictures; the model's masks are boxes."""
    drawn = scene(images)
    evidence = drawn.evidence
    records = [
        {
            "id": identity,
            "image_id": image,
            "category_id": int(evidence.category_ids[label]),
            "segmentation": [[x, y, x + w, y, x + w, y + h / 2, x + w / 2, y + h, x, y + h]],
            "bbox": [x, y, w, h],
            "area": w * h * 7 / 8,
            "iscrowd": 0,
        }
        for identity, image, label, (x, y, w, h) in zip(
            evidence.annotation_ids.tolist(),
            evidence.image_ids.tolist(),
            evidence.labels.tolist(),
            evidence.boxes.tolist(),
            strict=True,
        )
    ]
    document = {
        "images": [
            {"id": i, "width": SIDE, "height": SIDE, "file_name": f"{i}.png"}
            for i in evidence.image_sizes
        ],
        "annotations": records,
        "categories": [
            {"id": int(i), "name": name}
            for i, name in zip(evidence.category_ids, evidence.category_names, strict=True)
        ],
    }
    annotations, predictions = folder / "my.json", folder / "found.json"
    annotations.write_text(json.dumps(document), encoding="utf-8")
    predictions.write_text(json.dumps(_results(drawn)), encoding="utf-8")
    return Files(annotations, predictions, drawn)


def _results(drawn: Scene) -> list[dict[str, Any]]:
    assert drawn.evidence.detections is not None
    found = drawn.evidence.detections[0].found
    rows = []
    for image, label, score, box in zip(
        found.image_ids.tolist(),
        found.labels.tolist(),
        found.scores.tolist(),
        found.boxes.round().astype(int).tolist(),
        strict=True,
    ):
        x, y, width, height = (max(value, 1) for value in box)
        mask = box_mask(x, y, width, height, size=SIDE)
        rows.append(
            {
                "image_id": image,
                "category_id": int(drawn.evidence.category_ids[label]),
                "segmentation": {"size": mask["size"], "counts": mask["counts"].decode()},
                "score": score,
            }
        )
    return rows
