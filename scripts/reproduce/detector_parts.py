"""The experiments of `detectors.py`: each makes benchmarks and scores detectors on them."""

from __future__ import annotations

import json
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import benchmark_n
from benchmark_n import Benchmark, EvidenceOptions, Execution, LabelErrorOptions
from benchmark_n.detectors import build_detector, run_detector
from benchmark_n.detectors.base import Plot
from benchmark_n.experiments.detector_seeds import (
    Make,
    Row,
    features,
    measured,
    measured_floors,
    out_of_fold,
)

SHARED = Path(os.environ.get("BENCHMARK_N_SHARED_DATA", "../shared/data"))
CLASS_DETECTORS: dict[str, dict[str, Any]] = {
    "cleanlab": {},
    "cleanlab, normalised margin": {"method": "normalized_margin"},
    "disagreement": {},
    "margin": {},
    "entropy": {},
    "mc_dropout": {},
    "recov": {},
    "fastrecov": {},
    "knn": {},
    "random": {},
}
Experiment = Callable[[int], Iterator[Row]]


def class_noise(make: Make, backbone: str, wanted: Iterable[str] = ()) -> Experiment:
    """Detectors of class errors."""

    def run(seed: int) -> Iterator[Row]:
        rows = features(make, backbone)
        with tempfile.TemporaryDirectory() as folder:
            benchmark = make(seed, Path(folder) / "benchmark")
            evidence = out_of_fold(benchmark, rows, wanted)
            for name, options in CLASS_DETECTORS.items():
                detector = build_detector(name.partition(",")[0], options)
                if all(getattr(evidence, field) is not None for field in detector.needs):
                    table = run_detector(detector, evidence)
                    yield from measured(name, table, benchmark, ["class"])
            yield from measured_floors(benchmark, ["class"])

    return run


@cache
def scenes(
    recipe: str, only: tuple[str, ...] = (), data_seed: int = 0, num_images: int = 300
) -> Make:
    """Makes `recipe` on the embedded dataset."""
    return lambda seed, out: benchmark_n.make(
        "scenes",
        recipe,
        seed=seed,
        out=out,
        source=benchmark_n.SourceOptions(data_seed=data_seed, num_images=num_images),
        recipe=benchmark_n.RecipeOptions(only=only),
        execution=benchmark_n.Execution(workers=1),
    )


@cache
def coco128(scope: str, least: int = 0) -> Make:
    """Makes class noise of 20 % on 128 real images, in supercategories or over all categories.

    Annotations of categories with fewer than `least` of them are left out.
    """
    folder = SHARED / "coco128"

    def make(seed: int, out: Path) -> Benchmark:
        data = json.loads((folder / "instances_coco128.json").read_text())
        counts = Counter(record["category_id"] for record in data["annotations"])
        data["annotations"] = [r for r in data["annotations"] if counts[r["category_id"]] >= least]
        data["categories"] = [r for r in data["categories"] if counts[r["id"]] >= least]
        with tempfile.TemporaryDirectory() as temporary:
            annotations = Path(temporary) / "instances_coco128.json"
            annotations.write_text(json.dumps(data))
            return benchmark_n.make(
                "custom",
                "sym-20",
                seed=seed,
                out=out,
                source=benchmark_n.SourceOptions(
                    annotations=annotations,
                    images=next(path.parent for path in sorted(folder.rglob("*.jpg"))),
                ),
                recipe=benchmark_n.RecipeOptions(overrides={"class_confusion.scope": scope}),
                execution=benchmark_n.Execution(workers=1),
            )

    return make


def brain(seed: int) -> Iterator[Row]:
    """Spatial and missing errors, by detections of a really trained Mask R-CNN."""
    folder = SHARED / "brain_tumor_maskrcnn"
    with tempfile.TemporaryDirectory() as temporary:
        benchmark = benchmark_n.make(
            "custom",
            "hard",
            seed=seed,
            out=Path(temporary) / "benchmark",
            source=benchmark_n.SourceOptions(
                annotations=folder / "_annotations.coco.json", images=folder / "images"
            ),
        )
        found = benchmark_n.evaluate_detectors(
            benchmark,
            ["mask_disagreement", "objectlab", "random"],
            evidence=EvidenceOptions(
                (f"predictions:{folder / 'coco_instances_results.json'}",),
                evidence_dir=Path(temporary) / "evidence",
            ),
            scoring=LabelErrorOptions(bootstrap=2),
        )
        for one in found:
            yield from measured(one.detector, one.scores, benchmark, ["spatial", "missing"])
        yield from measured_floors(benchmark, ["spatial"])


def separation(recipe: str, kind: str) -> Experiment:
    """The paper's Fig. 10: noise on 40 %, found by the losses of a small network."""

    def run(seed: int) -> Iterator[Row]:
        for method in ("gmm", "beta", "aum") if kind == "class" else ("gmm", "beta"):
            with tempfile.TemporaryDirectory() as temporary:
                benchmark, scores, _ = separated(recipe, seed, method, Path(temporary))
                yield from measured(method, scores, benchmark, [kind])
                if method == "gmm":
                    yield from measured_floors(benchmark, [kind])

    return run


def separated(
    recipe: str, seed: int, method: str, folder: Path
) -> tuple[Benchmark, Any, tuple[Plot, ...]]:
    """Benchmark, scores and plots of `loss_separation`; the losses are kept in the cache."""
    benchmark = scenes(recipe)(seed, folder / "benchmark")
    (found,) = benchmark_n.evaluate_detectors(
        benchmark,
        "loss_separation",
        options={"loss_separation.method": method},
        scoring=LabelErrorOptions(bootstrap=2),
        execution=Execution(workers=1),
    )
    return benchmark, found.scores, found.plots
