"""Weak annotations: quality and speed of the segmenters, and what we add to a model's time.

For each dataset and segmenter: mean IoU to the clean masks with clean boxes and with noisy ones
(recipes wan-box and wan-box-noisy), CPU seconds, images per second, and the share of the time that
is not spent inside the model. Both kinds of prompts share an image's embedding; the speed is that
of clean boxes. Images are taken evenly from each dataset. Units are kept in a folder, so that a run
that was stopped goes on.

    python scripts/bench/weak.py [--images 12] [--brain 128] [--work DIR] [--only DATASET:SEGMENTER]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# In place of this folder, whose modules have the names of packages (datasets, mmdet).
sys.path[0] = str(Path(__file__).resolve().parents[2])

import cv2
import numpy as np

from benchmark_n.coco import read_coco
from benchmark_n.datasets import DATASETS
from benchmark_n.datasets.open import open_source
from benchmark_n.generation.weak_prompts import image_tasks
from benchmark_n.weak.engine import ImageTask, WeakEngine
from benchmark_n.weak.recipe import load_weak_recipe
from benchmark_n.weak.segmenters.base import load_segmenter

SHARED = Path(os.environ.get("BENCHMARK_N_SHARED_DATA", "../shared/data"))
RESULTS = Path(__file__).parents[1] / "results"
FILES = {
    "brain": ("brain_tumor_maskrcnn/_annotations.coco.json", "brain_tumor_maskrcnn/images"),
    "coco128": ("coco128/instances_coco128.json", "coco128/images"),
}
DATASETS_USED = ("brain", "phantom", "coco128", "scenes")
SEGMENTERS = ("box-fill", "ellipse", "grabcut", "medsam-lite")
RECIPES = ("wan-box", "wan-box-noisy")
SEED = 1
DEVICE = "cpu"
MOST_OVERHEAD = 0.05
LEAST_IOU = 0.80


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=12, help="of each dataset but brain")
    parser.add_argument("--brain", type=int, default=128)
    parser.add_argument("--work", type=Path, default=Path("bench_weak_units"))
    parser.add_argument("--only", help="one unit, DATASET:SEGMENTER")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    options.work.mkdir(parents=True, exist_ok=True)
    results = []
    for dataset in DATASETS_USED:
        for segmenter in SEGMENTERS:
            if options.only in (None, f"{dataset}:{segmenter}"):
                count = options.brain if dataset == "brain" else options.images
                results.append(measure(dataset, segmenter, count, options.work))
    if options.only is None:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "weak.json").write_text(json.dumps(results, indent=2) + "\n")
        (RESULTS / "weak.md").write_text(table(results))
        print(table(results))


def measure(dataset: str, name: str, count: int, work: Path) -> dict[str, Any]:
    """One row of the table, out of one file an image."""
    tasks, engines = prepare(dataset, name, count)
    rows = []
    segmenter = load_segmenter(name, DEVICE)
    clock = Clock(segmenter)
    for task in tasks:
        path = work / f"{dataset}-{name}-{task.image.id}.json"
        if not path.exists():
            path.write_text(json.dumps(one_image(engines, task, clock)))
        rows.append(json.loads(path.read_text()))
    ious = {recipe: [iou for row in rows for iou in row["ious"][recipe]] for recipe in RECIPES}
    seconds = sum(row["seconds"] for row in rows)
    timed = [row for row in rows if row["model"]]  # none for segmenters without a network
    model = sum(row["model"] for row in timed)
    ours = sum(row["seconds"] for row in timed) - model
    return {
        "dataset": dataset,
        "segmenter": name,
        "revision": segmenter.revision,
        "images": len(tasks),
        "instances": len(ious["wan-box"]),
        "mean_iou": {recipe: float(np.mean(values)) for recipe, values in ious.items()},
        "missed": sum(iou == 0 for iou in ious["wan-box"]),
        "images_per_cpu_second": len(tasks) / seconds,
        "overhead": ours / model if timed else None,
    }


def prepare(dataset: str, name: str, count: int) -> tuple[list[ImageTask], list[WeakEngine]]:
    if dataset in FILES:
        annotations, images = (SHARED / part for part in FILES[dataset])
        ratio = 0.02
    else:
        source = open_source(DATASETS.load(dataset))
        annotations, images, ratio = source.annotations, source.images, source.dilation_ratio
    coco = read_coco(annotations)
    tasks = image_tasks(coco, images, None)
    chosen = np.unique(np.linspace(0, len(tasks) - 1, min(count, len(tasks))).astype(int))
    engines = [
        WeakEngine(
            prompt=load_weak_recipe(recipe).prompt,
            segmenter=name,
            seed=SEED,
            file_name=coco.path.name,
            dilation_ratio=ratio,
            names={},
            device=DEVICE,
        )
        for recipe in RECIPES
    ]
    return [tasks[i] for i in chosen], engines


def one_image(engines: list[WeakEngine], task: ImageTask, clock: Clock) -> dict[str, Any]:
    ious: dict[str, list[float]] = {}
    seconds = model = 0.0
    for recipe, engine in zip(RECIPES, engines, strict=True):
        clock.model, start = 0.0, time.process_time()
        rows = engine(task)
        if recipe == "wan-box":
            seconds, model = time.process_time() - start, clock.model
        # A missed instance counts as IoU 0.
        ious[recipe] = [row.get("iou") or 0.0 for row in rows if not row["crowd"]]
    return {"ious": ious, "seconds": seconds, "model": model}


class Clock:
    """CPU seconds inside a model's own networks; an image is embedded once for both prompts."""

    def __init__(self, segmenter: Any) -> None:
        self.model = 0.0
        self._last = ""
        network = getattr(segmenter, "_network", None)
        if network is None:
            return
        for part in ("image_encoder", "prompt_encoder", "mask_decoder"):
            module = getattr(network, part)
            module.forward = self._timed(module.forward)
        network.postprocess_masks = self._timed(network.postprocess_masks)
        embed = segmenter.set_image

        def once(pixels: Any) -> None:
            digest = hashlib.sha256(pixels.tobytes()).hexdigest()
            if digest != self._last:
                embed(pixels)
            self._last = digest

        segmenter.set_image = once

    def _timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*values: Any, **named: Any) -> Any:
            start = time.process_time()
            result = function(*values, **named)
            self.model += time.process_time() - start
            return result

        return timed


def table(results: list[dict[str, Any]]) -> str:
    return "\n".join(lines(results)) + "\n"


def lines(results: list[dict[str, Any]]) -> Iterator[str]:
    yield "| dataset | images, instances | segmenter | IoU, clean box | IoU, noisy box | images/s |"
    yield "|---|---|---|---|---|---|"
    for row in results:
        clean, noisy = (row["mean_iou"][recipe] for recipe in RECIPES)
        yield (
            f"| {row['dataset']} | {row['images']}, {row['instances']} | {row['segmenter']} | "
            f"{clean:.3f} | {noisy:.3f} | {row['images_per_cpu_second']:.2f} |"
        )
    yield ""
    for row in results:
        if row["overhead"] is not None:
            yield (
                f"{row['dataset']}, {row['segmenter']}: overhead {100 * row['overhead']:.1f} % of "
                f"the model's time (at most {100 * MOST_OVERHEAD:.0f} % wanted)"
            )
    brain = [r for r in results if r["dataset"] == "brain" and r["segmenter"] == "medsam-lite"]
    for row in brain:
        yield (
            f"brain, medsam-lite, clean boxes: mean IoU {row['mean_iou']['wan-box']:.3f} "
            f"(at least {LEAST_IOU:.2f} wanted)"
        )


if __name__ == "__main__":
    main()
