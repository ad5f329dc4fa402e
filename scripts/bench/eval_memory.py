"""Peak memory of `eval` on two million detections of 120,000 images.

    python scripts/bench/eval_memory.py [--images 120000] [--detections 2000000] [--json]

Draws ground truth of about seven instances an image and detections of them, all with masks, into a
folder that is removed (the detections are a file of about half a gigabyte), and evaluates each IoU
type in a process of its own. Prints peak memory (largest resident set) and CPU seconds of each.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# In place of this folder, whose modules have the names of packages (datasets, mmdet).
sys.path[0] = str(ROOT)

import msgspec
import numpy as np
from pycocotools import mask as coco_mask

from scripts.bench.eval import CATEGORIES, HEIGHT, WIDTH, blob, text

BLOBS, MOVED = 500, 3
PER_IMAGE = 7
LIMIT = 4e9
IOU_TYPES = ("bbox", "segm", "boundary")


def draw_masks(rng: np.random.Generator) -> list[list[dict[str, Any]]]:
    """Masks as records have them: each of `BLOBS`, and the same a few pixels off, `MOVED` times."""
    found = []
    for _ in range(BLOBS):
        mask = blob(rng)
        steps = [(0, 0), *(tuple(rng.integers(-6, 7, 2)) for _ in range(MOVED))]
        found.append([_record(np.asfortranarray(np.roll(mask, step, (0, 1)))) for step in steps])
    return found


def _record(mask: Any) -> dict[str, Any]:
    rle = coco_mask.encode(mask)
    return {
        "segmentation": text(rle),
        "bbox": coco_mask.toBbox(rle).tolist(),
        "area": float(coco_mask.area(rle)),
    }


def draw(folder: Path, images: int, detections: int, seed: int = 0) -> tuple[Path, Path]:
    """Files of ground truth and of detections."""
    rng = np.random.default_rng(seed)
    masks = draw_masks(rng)
    count = images * PER_IMAGE
    image_ids = rng.integers(1, images + 1, count)
    categories = rng.integers(1, CATEGORIES + 1, count)
    chosen = rng.integers(0, BLOBS, count)
    head = {
        "images": [{"id": i + 1, "height": HEIGHT, "width": WIDTH} for i in range(images)],
        "categories": [{"id": i + 1, "name": f"c{i + 1}"} for i in range(CATEGORIES)],
    }
    truth, found = folder / "truth.json", folder / "detections.json"
    with truth.open("wb") as file:
        file.write(msgspec.json.encode(head)[:-1] + b',"annotations":')
        _write_list(
            file,
            (
                {"id": i + 1, "image_id": image, "category_id": category, "iscrowd": 0}
                | masks[blob_][0]
                for i, (image, category, blob_) in enumerate(
                    zip(image_ids.tolist(), categories.tolist(), chosen.tolist(), strict=True)
                )
            ),
        )
        file.write(b"}")
    with found.open("wb") as file:
        _write_list(file, _detections(rng, masks, (image_ids, categories, chosen), detections))
    return truth, found


def _detections(
    rng: np.random.Generator, masks: list[list[dict[str, Any]]], truth: Any, count: int
) -> Iterator[dict[str, Any]]:
    """Moved ground truths; a third of them of any category."""
    image_ids, categories, chosen = truth
    of = rng.integers(0, len(image_ids), count)
    other = rng.integers(1, CATEGORIES + 1, count)
    category = np.where(rng.random(count) < 2 / 3, categories[of], other)
    moved = rng.integers(1, MOVED + 1, count)
    scores = rng.random(count).round(3)
    columns = (image_ids[of], category, chosen[of], moved, scores)
    for image, own, place, step, score in zip(*(c.tolist() for c in columns), strict=True):
        record = masks[place][step]
        yield {
            "image_id": image,
            "category_id": own,
            "bbox": record["bbox"],
            "segmentation": record["segmentation"],
            "score": score,
        }


def _write_list(file: Any, records: Iterator[dict[str, Any]]) -> None:
    encode, before = msgspec.json.encode, b"["
    for record in records:
        file.write(before + encode(record))
        before = b","
    file.write(b"]")


def measure(truth: Path, found: Path, iou_type: str, engine: str) -> dict[str, Any]:
    """One `eval` in a process of its own: AP, peak memory in bytes, CPU seconds."""
    command = [sys.executable, "-m", "benchmark_n", "eval", "--ground-truth", str(truth)]
    command += ["--predictions", str(found), "--iou-type", iou_type, "--engine", engine]
    command += ["--out", str(found.parent / iou_type), "--quiet", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"eval --iou-type {iou_type} failed with status {status}")
    return {
        "iou_type": iou_type,
        "AP": json.loads(output)["results"][iou_type]["statistics"]["AP"],
        "peak_bytes": usage.ru_maxrss * 1024,
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=120_000)
    parser.add_argument("--detections", type=int, default=2_000_000)
    parser.add_argument("--iou-types", nargs="+", default=IOU_TYPES, choices=IOU_TYPES)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        truth, found = draw(Path(name), asked.images, asked.detections)
        sizes = {"truth_bytes": truth.stat().st_size, "detections_bytes": found.stat().st_size}
        runs = [measure(truth, found, each, asked.engine) for each in asked.iou_types]
    counts = {"images": asked.images, "detections": asked.detections}
    counts["ground_truths"] = asked.images * PER_IMAGE
    if asked.json:
        print(json.dumps({**counts, **sizes, "runs": runs}, indent=2))
        return
    print(", ".join(f"{value:,} {key}" for key, value in {**counts, **sizes}.items()))
    for run in runs:
        print(
            f"{run['iou_type']:10} AP {run['AP']:.6f}  peak {run['peak_bytes'] / 1e9:.2f} GB "
            f"(limit {LIMIT / 1e9:.0f})  CPU {run['cpu_seconds']} s"
        )


if __name__ == "__main__":
    main()
