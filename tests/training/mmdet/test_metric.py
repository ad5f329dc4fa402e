"""The metric against pycocotools on the same detections."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmdet.registry import METRICS
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from benchmark_n import Benchmark


def samples_of(truth: COCO, rng: np.random.Generator) -> list[dict[str, Any]]:
    """The ground truth moved a little, some of it under another label, as a model's output."""
    labels = {identity: label for label, identity in enumerate(truth.getCatIds())}
    samples = []
    for image in truth.getImgIds():
        found = truth.loadAnns(truth.getAnnIds(image))
        masks = [np.roll(truth.annToMask(a), rng.integers(-3, 4, 2), (0, 1)) for a in found]
        kept = [i for i, mask in enumerate(masks) if mask.any()]
        boxes = [coco_mask.toBbox(coco_mask.encode(np.asfortranarray(masks[i]))) for i in kept]
        corners = [[x, y, x + w, y + h] for x, y, w, h in boxes]
        classes = [labels[found[i]["category_id"]] for i in kept]
        classes = [c if rng.random() < 0.8 else (c + 1) % len(labels) for c in classes]
        samples.append(
            {
                "img_id": image,
                "pred_instances": {
                    "bboxes": torch.tensor(corners, dtype=torch.float32).reshape(-1, 4),
                    "labels": torch.tensor(classes, dtype=torch.long),
                    "scores": torch.from_numpy(rng.random(len(kept))),
                    "masks": torch.from_numpy(np.array([masks[i] for i in kept], bool)),
                },
            }
        )
    return samples


def test_it_agrees_with_pycocotools(scenes_hard: Benchmark, tmp_path: Path) -> None:
    truth = COCO(str(scenes_hard.annotations))
    samples = samples_of(truth, np.random.default_rng(0))
    out = tmp_path / "found.json"
    metric = METRICS.build(
        {
            "type": "BoundaryCocoMetric",
            "ann_file": str(scenes_hard.annotations),
            "outfile": str(out),
        }
    )
    metric.process(None, samples)
    found = metric.evaluate(len(samples))
    for kind in ("bbox", "segm"):
        oracle = COCOeval(truth, truth.loadRes(str(out)), kind)
        oracle.evaluate()
        oracle.accumulate()
        oracle.summarize()
        assert found[f"coco/{kind}_AP"] == pytest.approx(oracle.stats[0], abs=1e-9)
        assert found[f"coco/{kind}_AR100"] == pytest.approx(oracle.stats[8], abs=1e-9)
        precision = oracle.eval["precision"][:, :, 0, 0, -1]
        name = truth.loadCats(truth.getCatIds()[:1])[0]["name"]
        assert found[f"coco/{kind}_AP/{name}"] == pytest.approx(precision.mean(), abs=1e-9)
    assert 0 < found["coco/boundary_AP"] <= found["coco/segm_AP"]


def test_boxes_without_area_are_left_to_the_mask(scenes_hard: Benchmark, tmp_path: Path) -> None:
    """SOLO predicts masks alone; its boxes are zeros."""
    out = tmp_path / "found.json"
    metric = METRICS.build(
        {
            "type": "BoundaryCocoMetric",
            "ann_file": str(scenes_hard.annotations),
            "outfile": str(out),
            "format_only": True,
        }
    )
    samples = samples_of(COCO(str(scenes_hard.annotations)), np.random.default_rng(1))[:1]
    samples[0]["pred_instances"]["bboxes"] *= 0
    metric.process(None, samples)
    assert metric.evaluate(1) == {}
    assert all("bbox" not in record for record in json.loads(out.read_text()))
