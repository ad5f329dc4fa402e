"""Evidence, weak masks and a training on a CPU and on a GPU: how alike, and how long.

    python scripts/bench/devices.py [--images 40] [--devices cpu,cuda] [--out FILE]

Everything is made anew, on the scenes' hard tier (detections on the shared sample coco128, where it
and the fetched detector are at hand). For each array of evidence: its largest
difference and the correlation of the two; for the U-Net the EF error of each. Networks that are
trained differ by rounding, which training magnifies: there the correlation tells. A path that
fails is told with its error, and the exit status is then 1. Without a GPU the status is 2.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

# In place of this folder, whose modules have the names of packages (datasets, mmdet).
sys.path[0] = str(Path(__file__).resolve().parents[2])

import numpy as np
import torch

import benchmark_n
from benchmark_n.coco import read_coco
from benchmark_n.evidence.collect import AUTOMATIC, gather
from benchmark_n.evidence.options import EvidenceOptions
from benchmark_n.training.options import RunOptions
from benchmark_n.training.train import train
from tests import making
from tests.conftest import SHARED
from tests.weak.models import save_sam, save_sam2

SOURCES = ("crops", "quality", "losses", "saliency")
Arrays = dict[str, np.ndarray[Any, Any]]


def evidence(source: str, benchmark: benchmark_n.Benchmark, device: str, folder: Path) -> Arrays:
    """The arrays of one source."""
    kind = source.partition(":")[0]
    backbone = "lite0" if kind == "crops" else "auto"
    options = EvidenceOptions((source,), backbone=backbone, device=device, evidence_dir=folder)
    made = gather(
        read_coco(benchmark.annotations), options, AUTOMATIC[kind], images=benchmark.images
    )
    arrays = {name: getattr(made, name) for name in AUTOMATIC[kind] if name != "folds"}
    return {name: array for name, array in arrays.items() if array is not None}


def supports(folder: Path, device: str, to: Path) -> Arrays:
    """What NanoDet says about the annotations of photographs."""
    options = EvidenceOptions(("detections:nanodet",), device=device, evidence_dir=to)
    coco = read_coco(folder / "instances_coco128.json")
    made = gather(coco, options, ("detections",), images=folder / "images")
    return {one.detector: one.support for one in made.require("detections")}


def weak_masks(save: Callable[[Path], Path], device: str, folder: Path) -> Arrays:
    """Masks of a tiny segmenter."""
    model = save(folder / "model")
    made = making.make(
        "scenes",
        weak="box",
        segmenter=f"transformers:{model}",
        num_images=8,
        out=folder / "weak",
        device=device,
    )
    return {"area": np.array([record["area"] for record in made.noisy().records()])}


def unet(device: str, folder: Path) -> Arrays:
    """EF errors of the patients by a small U-Net."""
    benchmark = making.make("phantom", "mid", num_images=12, out=folder / "phantom")
    metrics = train(benchmark.path, "tiny-unet", RunOptions(folder / "work", device=device)).metrics
    return {name: np.array([value]) for name, value in metrics.items() if isinstance(value, float)}


def compare(
    name: str, path: Callable[[str, Path], Arrays], devices: tuple[str, str]
) -> dict[str, Any]:
    """One path on both devices."""
    arrays: list[Arrays] = []
    seconds = []
    for device in devices:
        with TemporaryDirectory() as folder:
            start = time.perf_counter()
            try:
                arrays.append(path(device, Path(folder)))
            except Exception as error:  # the others are still worth knowing
                traceback.print_exc()
                return {"path": name, "failed": f"{device}: {type(error).__name__}: {error}"}
            seconds.append(round(time.perf_counter() - start, 2))
    return {
        "path": name,
        "seconds": seconds,
        "arrays": {field: likeness(one, arrays[1][field]) for field, one in arrays[0].items()},
    }


def likeness(first: np.ndarray[Any, Any], second: np.ndarray[Any, Any]) -> dict[str, Any]:
    """Largest difference, and correlation where there is a spread."""
    one, other = (np.asarray(each, np.float64).ravel() for each in (first, second))
    known = np.isfinite(one) & np.isfinite(other)
    one, other = one[known], other[known]
    spread = len(one) > 2 and one.std() > 0 and other.std() > 0
    return {
        "values": len(one),
        "largest_difference": float(np.abs(one - other).max(initial=0)),
        "correlation": float(np.corrcoef(one, other)[0, 1]) if spread else None,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=40)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--devices", default="cpu,cuda", help="cpu,cpu tells what chance does")
    asked = parser.parse_args()
    first, second = asked.devices.split(",")
    if "cuda" in (first, second) and not torch.cuda.is_available():
        print("no GPU was found (torch.cuda.is_available() is false)", file=sys.stderr)
        sys.exit(2)
    rows = []
    with TemporaryDirectory() as folder:
        scenes = making.make("scenes", "hard", num_images=asked.images, out=f"{folder}/scenes")
        paths: dict[str, Callable[[str, Path], Arrays]] = {
            source: lambda device, to, source=source: evidence(source, scenes, device, to)
            for source in SOURCES
        }
        for save in (save_sam, save_sam2):
            paths[save.__name__] = lambda device, to, save=save: weak_masks(save, device, to)
        photographs = SHARED / "coco128"
        if photographs.is_dir():
            paths["detections:nanodet"] = lambda device, to: supports(photographs, device, to)
        paths["tiny-unet"] = lambda device, to: unet(device, to)
        for name, path in paths.items():
            rows.append(compare(name, path, (first, second)))
            print(json.dumps(rows[-1]), flush=True)
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    result = {
        "devices": [first, second],
        "gpu": gpu,
        "torch": torch.__version__,
        "images": asked.images,
        "paths": rows,
    }
    if asked.out is not None:
        asked.out.write_text(json.dumps(result, indent=1) + "\n")
    sys.exit(any("failed" in row for row in rows))


if __name__ == "__main__":
    main()
