"""Detectors on a benchmark, scored with its manifest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmark_n.benchmark import Benchmark, layout, load
from benchmark_n.detection.detect import detect
from benchmark_n.detection.result import DetectionResult
from benchmark_n.detectors.base import detector_names
from benchmark_n.errors import InputError
from benchmark_n.evaluation.label_errors import score_benchmark
from benchmark_n.evidence.collect import notes
from benchmark_n.files.provenance import file_digest


def evaluate_detectors(
    benchmark: Benchmark | Path | str,
    detectors: str | Iterable[str] = "cleanlab",
    *,
    images: Path | str | None = None,
    spatial_iou: float = 0.9,
    bootstrap: int = 1000,
    in_sample: bool = False,
    **options: Any,
) -> list[DetectionResult]:
    """Run detectors on a benchmark's noisy annotations and score them against its manifest.

    Parameters
    ----------
    images
        By default the folder that `make` recorded.
    spatial_iou
        Below this mask IoU with the clean mask an annotation is a spatial error.
    bootstrap
        Replicates of the intervals.
    in_sample
        Allow weights of Quality Sentinel that were trained on the benchmark's pictures.
    options
        As for `detect`.
    """
    opened = load(benchmark) if isinstance(benchmark, Path | str) else benchmark
    if opened.recipe.get("detection") is False:
        raise InputError(
            f"{opened.path}: its annotations give their errors away (masks or boxes kept as they "
            "came), so it is unfit for label-error detection"
        )
    named = detectors != "all" and "quality_sentinel" in detector_names(detectors)
    if not in_sample and (named or "quality" in options.get("evidence", ())):
        _refuse_in_sample(opened, options.get("weights"))
    coco = opened.noisy()
    found = detect(coco, images or opened.images, detectors, **options)
    recipe = {key: opened.recipe.get(key) for key in ("benchmark", "name", "version", "seed")}
    # The leaderboard tells by these that results are of one benchmark.
    recipe["recipe_sha256"] = file_digest(opened.path / layout.RECIPE)
    recipe["source_sha256"] = opened.recipe["source"]["sha256"]
    scored = []
    for one in found:
        result = score_benchmark(one.scores, opened, spatial_iou=spatial_iou, bootstrap=bootstrap)
        provenance = {**one.provenance, "benchmark": {"directory": opened.path.name, **recipe}}
        # Where the truth is known, the scores say how far the list misleads.
        kept = tuple(notes(one.evidence))
        scored.append(replace(one, result=result, provenance=provenance, warnings=kept))
    return scored


def _refuse_in_sample(benchmark: Benchmark, weights: Path | str | None) -> None:
    from benchmark_n.detectors.quality_sentinel.weights import refuse_in_sample

    source = benchmark.recipe["source"]
    refuse_in_sample(
        None if weights is None else Path(weights),
        benchmark.recipe["dataset"],
        source.get("data_seed"),
    )
