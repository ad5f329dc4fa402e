"""Detectors measured on several noise seeds, from features made once.

Class noise leaves the masks and the pictures alone: the features of a benchmark's crops are those
of any other noise seed, so that only folds, probabilities and scores are made again for each. A
row is what one detector found under one seed; `benchmark_n.experiments.seed_tables` makes means
and standard deviations of rows.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.benchmark import Benchmark
from benchmark_n.coco.pixels import image_files
from benchmark_n.coco.units import image_units
from benchmark_n.detectors import Evidence, annotation_scores, join_scores
from benchmark_n.evaluation.label_errors import score_benchmark
from benchmark_n.evaluators.label_errors.floors import without_flags
from benchmark_n.evaluators.label_errors.options import LabelErrorOptions
from benchmark_n.evidence import annotation_evidence
from benchmark_n.evidence.backbones.base import make_backbone
from benchmark_n.evidence.crops.evidence import embed, with_probabilities
from benchmark_n.evidence.folds import plan_folds
from benchmark_n.report.pages import floor_name
from benchmark_n.tables.scores import add_any

# Of label errors, as `benchmark_n.evaluation.label_errors` names them.
MEASURES = (
    *("lifted_auprc", "f1_at_budget", "f1", "chance_f1", "best_f1", "auprc", "auroc"),
    "prevalence",
)
# Evidence that is made only where a detector asks for it.
ON_DEMAND = ("dropout_probs",)
Row = dict[str, Any]
# Noise seed and folder to a benchmark.
Make = Callable[[int, Path], Benchmark]


def measured(name: str, scores: Any, benchmark: Benchmark, kinds: Iterable[str]) -> Iterator[Row]:
    """A row for each kind of error that the table has scores and the benchmark errors of.

    The floors that belong beside it have rows of their own (`measured_floors`).

    Parameters
    ----------
    name
        Of the detector, as the row has it.
    scores
        A table of scores, `pyarrow.Table`, of the benchmark's noisy annotations.
    benchmark
        Its manifest tells which annotations are wrong.
    kinds
        Such as ``class``, ``spatial``, ``missing``.

    Yields
    ------
    dict
        ``detector``, ``kind``, ``errors`` (their number) and the `MEASURES`, 0 to 1 or None.
    """
    result = score_benchmark(add_any(scores), benchmark, LabelErrorOptions(by=(), bootstrap=2))
    for kind in kinds:
        found = result.kinds.get(kind)
        if found is not None and found.measures["errors"]:
            values = {measure: found.measures.get(measure) for measure in MEASURES}
            yield {"detector": name, "kind": kind, "errors": found.measures["errors"], **values}


def measured_floors(benchmark: Benchmark, kinds: Iterable[str]) -> Iterator[Row]:
    """A row for each floor and kind of error that the benchmark has errors of.

    What a floor's flags decide is None but for flag everything: detectors flag as many as they
    like, and ``chance_f1`` of their rows says what chance makes of as many.

    Parameters
    ----------
    benchmark
        Floors are of it alone, whatever the detector.
    kinds
        ``class``, ``spatial`` or ``any``; ``missing`` has no floors.

    Yields
    ------
    dict
        As `measured` does; ``detector`` is ``floor: area`` and the like.
    """
    base = annotation_evidence(benchmark.noisy())
    nothing = np.zeros(len(base))
    tables = [annotation_scores(base, kind, nothing, nothing > 0) for kind in ("class", "spatial")]
    options = LabelErrorOptions(by=(), bootstrap=1)
    result = score_benchmark(add_any(join_scores(tables)), benchmark, options)
    for kind in kinds:
        found = result.kinds.get(kind)
        if found is None or not found.measures["errors"]:
            continue
        for name, own in found.floors.items():
            shown = without_flags(name, own)
            values = {measure: shown.get(measure) for measure in MEASURES}
            yield {"detector": floor_name(name), "kind": kind, "errors": own["errors"], **values}


@cache
def features(make: Make, backbone: str) -> Any:
    """Features of a dataset's crops: class noise leaves the masks, so any noise seed gives them.

    Parameters
    ----------
    make
        Makes the benchmark; the same function gets the same features without another run.
    backbone
        Such as ``hog`` or ``lite0``.

    Returns
    -------
    numpy.ndarray
        float32 (N, D), in the order of the source's ids, which all seeds share.

    Raises
    ------
    InputError
        An image that cannot be read, or a backbone whose packages are not installed.
    """
    with tempfile.TemporaryDirectory() as folder:
        benchmark = make(1, Path(folder) / "benchmark")
        coco = benchmark.noisy()
        base = annotation_evidence(coco)
        paths = image_files(benchmark.images, coco.images, base.image_ids)
        rows = embed(base, coco, paths, make_backbone(backbone), workers=1).features
        return rows[_by_source(benchmark, base)]


def out_of_fold(
    benchmark: Benchmark, rows: Any, wanted: Iterable[str] = (), **options: Any
) -> Evidence:
    """Evidence ``crops`` of a benchmark from features that are there already, in five folds.

    Parameters
    ----------
    rows
        What `features` gives.
    wanted
        Of `ON_DEMAND`.
    options
        Of `benchmark_n.evidence.crops.evidence.with_probabilities`.
    """
    coco = benchmark.noisy()
    base = annotation_evidence(coco)
    units = image_units(coco, base.image_ids)
    plan, _ = plan_folds(base.labels, units, base.category_names, 5, 0)
    places = np.argsort(_by_source(benchmark, base))
    given = replace(base, embeddings=rows[places], folds=plan)
    return with_probabilities(given, seed=0, wanted=wanted, workers=1, **options)


def _by_source(benchmark: Benchmark, evidence: Evidence) -> NDArray[np.intp]:
    """The places of the annotations in the order of their ids in the source."""
    rows = benchmark.manifest(["annotation_id", "source_id"])
    source = dict(zip(*(column.to_pylist() for column in rows.columns), strict=True))
    return np.argsort([source[identity] for identity in evidence.annotation_ids.tolist()])
