"""Detectors measured on several noise seeds, from features made once."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from benchmark_n import Benchmark
from benchmark_n.coco.pixels import image_files
from benchmark_n.detectors import Evidence
from benchmark_n.evaluation.label_errors import score_benchmark
from benchmark_n.evaluators.label_errors.options import LabelErrorOptions
from benchmark_n.evidence import annotation_evidence
from benchmark_n.evidence.annotations import image_groups
from benchmark_n.evidence.backbones.base import make_backbone
from benchmark_n.evidence.crops.evidence import embed, with_probabilities
from benchmark_n.evidence.crops.folds import plan_folds
from benchmark_n.tables.scores import add_any

MEASURES = ("f1", "best_f1", "auprc", "auroc", "prevalence")


ON_DEMAND = ("dropout_probs", "repeated_probs")


Row = dict[str, Any]


# Noise seed and folder to a benchmark.
Make = Callable[[int, Path], Benchmark]


def measured(name: str, scores: Any, benchmark: Benchmark, kinds: Iterable[str]) -> Iterator[Row]:
    """A row for each kind of error that the table has scores and the benchmark errors of."""
    result = score_benchmark(add_any(scores), benchmark, LabelErrorOptions(by=(), bootstrap=2))
    for kind in kinds:
        found = result.kinds.get(kind)
        if found is not None and found.measures["errors"]:
            values = {measure: found.measures.get(measure) for measure in MEASURES}
            yield {"detector": name, "kind": kind, "errors": found.measures["errors"], **values}


@cache
def features(make: Make, backbone: str) -> Any:
    """Features of a dataset's crops: class noise leaves the masks, so any noise seed gives them."""
    with tempfile.TemporaryDirectory() as folder:
        benchmark = make(1, Path(folder) / "benchmark")
        coco = benchmark.noisy()
        base = annotation_evidence(coco)
        paths = image_files(benchmark.images, coco.images, base.image_ids)
        return embed(base, coco, paths, make_backbone(backbone), workers=1)


def out_of_fold(
    benchmark: Benchmark, rows: Any, wanted: Iterable[str] = (), **options: Any
) -> Evidence:
    """Evidence ``crops`` of a benchmark from features (N, D) that are there already."""
    coco = benchmark.noisy()
    base = annotation_evidence(coco)
    groups = image_groups(coco, base.image_ids, None)[0]
    plan, _ = plan_folds(base.labels, groups, base.category_names, 5, 0)
    given = replace(base, embeddings=rows, folds=plan)
    return with_probabilities(given, groups, seed=0, wanted=wanted, workers=1, **options)
