"""The sets of the baseline grid: how the benchmark of a tier and a noise seed is made of each."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from detector_parts import SHARED

import benchmark_n
from benchmark_n import Benchmark, Execution, SourceOptions
from benchmark_n.experiments.baseline_grid import DRAWN_IMAGES
from benchmark_n.experiments.baseline_rankings import REAL

TIERS = ("easy", "mid", "hard", "human-lvis-crowd")
SEEDS = (1, 2, 3, 4, 5)
LVIS = SHARED / "lvis_double"


@dataclass(frozen=True)
class GridSet:
    """A set of clean annotations, or a real pair of files.

    Parameters
    ----------
    make
        Tier, number of the drawing and folder to a benchmark.
    drawings
        Noise seeds; of a real pair what stands for them.
    tiers
        `REAL` alone for a real pair.
    pair
        Name of the real pair that has the same pictures, and clean annotations of one of its
        annotators; empty: none has.
    """

    make: Callable[[str, int, Path], Benchmark]
    drawings: tuple[int, ...] = SEEDS
    tiers: tuple[str, ...] = TIERS
    pair: str = ""


def _drawn(dataset: str, source: SourceOptions, tier: str, seed: int, out: Path) -> Benchmark:
    """Drawn noise, made in this process."""
    one = Execution(workers=1)
    return benchmark_n.make(dataset, tier, seed=seed, out=out, source=source, execution=one)


def _embedded(dataset: str) -> GridSet:
    return GridSet(partial(_drawn, dataset, SourceOptions(num_images=DRAWN_IMAGES)))


def _sample(file: str, images: str | None = None) -> GridSet:
    folder = None if images is None else SHARED / images
    source = SourceOptions(annotations=SHARED / file, images=folder)
    return GridSet(partial(_drawn, "coco", source))


def _with_pixels(file: Path, images: Path, folder: Path) -> Path:
    """The file with those of its images alone whose pixels are there."""
    data: dict[str, Any] = json.loads(file.read_text())
    data["images"] = [one for one in data["images"] if (images / one["file_name"]).is_file()]
    kept = {one["id"] for one in data["images"]}
    data["annotations"] = [one for one in data["annotations"] if one["image_id"] in kept]
    path = folder / file.name
    path.write_text(json.dumps(data))
    return path


def _lvis_double(_: str, drawing: int, out: Path) -> Benchmark:
    """Neither rater is the truth: each is judged by the other once."""
    with tempfile.TemporaryDirectory() as temporary:
        files = [
            _with_pixels(LVIS / name, LVIS / "images", Path(temporary))
            for name in ("A.json", "B.json")
        ]
        clean, noisy = files if drawing == 1 else reversed(files)
        return benchmark_n.import_pair(clean, noisy, out=out, match="iou", images=LVIS / "images")


def _lvis_double_a(tier: str, seed: int, out: Path) -> Benchmark:
    """Drawn noise on the pictures of `_lvis_double`: its first rater is the truth."""
    with tempfile.TemporaryDirectory() as temporary:
        clean = _with_pixels(LVIS / "A.json", LVIS / "images", Path(temporary))
        source = SourceOptions(annotations=clean, images=LVIS / "images")
        return _drawn("lvis", source, tier, seed, out)


def _dsb2018(_: str, __: int, out: Path) -> Benchmark:
    folder = SHARED / "dsb2018_fixes"
    clean, noisy = folder / "clean.json", folder / "noisy.json"
    return benchmark_n.import_pair(clean, noisy, out=out, match="id", images=folder / "images")


def _cfos(_: str, expert: int, out: Path) -> Benchmark:
    folder = SHARED / "cfos_experts"
    return benchmark_n.import_pair(
        folder / "clean.json",
        folder / f"expert_{expert}.json",
        out=out,
        match="iou",
        images=folder / "images",
    )


SETS = {
    "scenes": _embedded("scenes"),
    "phantom": _embedded("phantom"),
    "coco128": _sample("coco128/instances_coco128.json", "coco128/images"),
    "coco_mini": _sample("coco_mini/instances_val.json", "coco_mini/images"),
    "coco_val2014_100": _sample("coco_val2014_100/instances_val2014_100.json"),
    "lvis_double": GridSet(_lvis_double, (1, 2), (REAL,)),
    "lvis_double_a": GridSet(_lvis_double_a, pair="lvis_double"),
    "dsb2018_fixes": GridSet(_dsb2018, (1,), (REAL,)),
    # Expert 2 drew on 36 of the 51 images.
    "cfos_experts": GridSet(_cfos, (1, 3, 4, 5), (REAL,)),
}
