"""Speed of evaluation: cropped boundary AP and vernier against whole-canvas pycocotools.

Draws 2,000 images of 640x480 px with about 15,000 ground truths and 40,000 detections, evaluates
them in one process after another, and prints CPU seconds (all threads), ratios and peak memory.

    python scripts/bench/eval.py [--images 2000] [--json]
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# In place of this folder, whose modules have the names of packages (datasets, mmdet).
sys.path[0] = str(Path(__file__).resolve().parents[2])

import cv2
import msgspec
import numpy as np
import vernier  # noqa: F401  imported before the clock starts, as pycocotools is
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from benchmark_n.coco import CocoFile
from benchmark_n.coco.read import parse_coco
from benchmark_n.evaluators.average_precision.engines import Engine
from benchmark_n.evaluators.average_precision.evaluate import evaluate_instances
from benchmark_n.evaluators.average_precision.options import PrecisionOptions
from benchmark_n.evaluators.average_precision.problem import IouType

HEIGHT, WIDTH = 480, 640
CATEGORIES = 80
RATIO = 0.02
TARGETS = {
    ("boundary, pycocotools engine", "boundary, whole canvas"): 4.5,
    ("boundary, vernier engine", "boundary, whole canvas"): 30.0,
    ("segm, vernier engine", "segm, pycocotools"): 10.0,
}


def draw(images: int, seed: int = 0) -> tuple[bytes, list[dict[str, Any]]]:
    """Ground truth as JSON, and detections: moved, grown or relabelled ground truths, and blobs."""
    rng = np.random.default_rng(seed)
    annotations: list[dict[str, Any]] = []
    detections: list[dict[str, Any]] = []
    for image in range(1, images + 1):
        for _ in range(int(rng.integers(4, 12))):
            mask, category = blob(rng), int(rng.integers(1, CATEGORIES + 1))
            rle = coco_mask.encode(mask)
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image,
                    "category_id": category,
                    "segmentation": text(rle),
                    "area": float(coco_mask.area(rle)),
                    "bbox": coco_mask.toBbox(rle).tolist(),
                    "iscrowd": 0,
                }
            )
            for _ in range(2):
                moved = np.roll(mask, tuple(rng.integers(-6, 7, 2)), (0, 1))
                chosen = category if rng.random() < 0.8 else int(rng.integers(1, CATEGORIES + 1))
                detections.append(detection(rng, moved, image, chosen))
        for _ in range(5):
            category = int(rng.integers(1, CATEGORIES + 1))
            detections.append(detection(rng, blob(rng), image, category))
    document = {
        "images": [{"id": i + 1, "height": HEIGHT, "width": WIDTH} for i in range(images)],
        "categories": [{"id": i + 1, "name": f"c{i + 1}"} for i in range(CATEGORIES)],
        "annotations": annotations,
    }
    return msgspec.json.encode(document), detections


def blob(rng: np.random.Generator) -> Any:
    """A random smooth polygon, with radii from 6 to 140 px as COCO's sizes are spread."""
    radius = np.exp(rng.uniform(np.log(6), np.log(140)))
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    radii = radius * (1 + 0.35 * np.sin(angles * rng.integers(1, 5) + rng.uniform(0, 6)))
    centre = rng.uniform((0, 0), (WIDTH, HEIGHT))
    points = centre + radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.fillPoly(mask, [np.rint(points).astype(np.int32)], 1)
    return np.asfortranarray(mask)


def detection(rng: np.random.Generator, mask: Any, image: int, category: int) -> dict[str, Any]:
    rle = coco_mask.encode(np.asfortranarray(mask))
    score = round(float(rng.random()), 3)
    return {"image_id": image, "category_id": category, "segmentation": text(rle), "score": score}


def text(rle: Any) -> dict[str, Any]:
    return {"size": rle["size"], "counts": rle["counts"].decode()}


class CanvasEval(COCOeval):  # type: ignore[misc]
    """Boundary AP the usual way: each boundary once, by d erosions of its image's canvas."""

    def _prepare(self) -> None:
        super()._prepare()
        for side in (self._gts, self._dts):
            for records in side.values():
                for record in records:
                    record["boundary"] = canvas_boundary(record["segmentation"])

    def computeIoU(self, imgId: int, catId: int) -> Any:  # noqa: N802, N803
        ious = super().computeIoU(imgId, catId)
        truth, found = self._gts[imgId, catId], self._dts[imgId, catId]
        if not (truth and found):
            return ious
        order = np.argsort([-d["score"] for d in found], kind="mergesort")
        bands = [found[i]["boundary"] for i in order[: self.params.maxDets[-1]]]
        crowd = [0] * len(truth)
        return np.minimum(ious, coco_mask.iou(bands, [g["boundary"] for g in truth], crowd))


def canvas_boundary(rle: Any) -> Any:
    mask = coco_mask.decode(rle)
    padded = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    distance = max(1, round(RATIO * float(np.hypot(HEIGHT, WIDTH))))
    eroded = cv2.erode(padded, np.ones((3, 3), np.uint8), iterations=distance)[1:-1, 1:-1]
    return coco_mask.encode(np.asfortranarray(mask - eroded))


def oracle(truth: bytes, found: list[dict[str, Any]], kind: type[COCOeval]) -> float:
    with contextlib.redirect_stdout(io.StringIO()):
        gold = COCO()
        gold.dataset = json.loads(truth)
        gold.createIndex()
        evaluation = kind(gold, gold.loadRes(found), "segm")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return float(evaluation.stats[0])


def ours(truth: bytes, found: list[dict[str, Any]], iou_type: IouType, engine: Engine) -> float:
    coco: CocoFile = parse_coco(truth, Path("truth.json"))
    options = PrecisionOptions(engine=engine, dilation_ratio=RATIO)
    result = evaluate_instances(coco, found, iou_type=iou_type, options=options)
    return float(result.statistics["AP"] or 0)


RUNS: dict[str, Callable[[bytes, list[dict[str, Any]]], float]] = {
    "boundary, whole canvas": lambda t, f: oracle(t, f, CanvasEval),
    "boundary, pycocotools engine": lambda t, f: ours(t, f, "boundary", "pycocotools"),
    "boundary, vernier engine": lambda t, f: ours(t, f, "boundary", "vernier"),
    "segm, pycocotools": lambda t, f: oracle(t, f, COCOeval),
    "segm, pycocotools engine": lambda t, f: ours(t, f, "segm", "pycocotools"),
    "segm, vernier engine": lambda t, f: ours(t, f, "segm", "vernier"),
}


def measure(name: str, truth: bytes, found: list[dict[str, Any]]) -> dict[str, Any]:
    """One run in a process of its own: AP, CPU and wall seconds, peak memory in MB."""
    reader, writer = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(
        target=_child, args=(name, truth, found, writer)
    )
    process.start()
    result: dict[str, Any] = reader.recv()
    process.join()
    return result


def _child(name: str, truth: bytes, found: list[dict[str, Any]], writer: Any) -> None:
    cpu, wall = time.process_time(), time.perf_counter()
    value = RUNS[name](truth, found)
    writer.send(
        {
            "AP": value,
            "cpu_seconds": time.process_time() - cpu,
            "wall_seconds": time.perf_counter() - wall,
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    truth, found = draw(options.images)
    counts = {
        "images": options.images,
        "ground_truths": len(json.loads(truth)["annotations"]),
        "detections": len(found),
    }
    runs = {name: measure(name, truth, found) for name in RUNS}
    ratios = [
        {
            "fast": fast,
            "slow": slow,
            "ratio": runs[slow]["cpu_seconds"] / runs[fast]["cpu_seconds"],
            "target": target,
        }
        for (fast, slow), target in TARGETS.items()
    ]
    if options.json:
        print(json.dumps({**counts, "runs": runs, "ratios": ratios}, indent=2))
        return
    print(", ".join(f"{value} {name}" for name, value in counts.items()))
    for name, run in runs.items():
        print(
            f"{name:30} AP {run['AP']:.6f}  CPU {run['cpu_seconds']:7.2f} s  "
            f"wall {run['wall_seconds']:7.2f} s  peak {run['peak_mb']:6.0f} MB"
        )
    for row in ratios:
        print(f"{row['fast']} / {row['slow']}: {row['ratio']:.1f}x (target {row['target']}x)")


if __name__ == "__main__":
    main()
