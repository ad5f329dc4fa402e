"""`evaluate_labels`: how far a benchmark's noisy labels are from the clean ones."""

from __future__ import annotations

from pathlib import Path

import pyarrow.compute as pc

from benchmark_n.benchmark import Benchmark
from benchmark_n.coco.lacking_masks import check_masks
from benchmark_n.errors import UsageError
from benchmark_n.evaluation.evaluation_input import EvaluationInput, evaluation_input
from benchmark_n.evaluation.result import Evaluation, evaluation
from benchmark_n.evaluators.label_quality.mask_agreement import mask_agreement, of_masks


def evaluate_labels(benchmark: EvaluationInput | Benchmark | Path | str) -> Evaluation:
    """Agreement of the noisy labels with the clean ones, as the manifest tells it.

    Raises
    ------
    UsageError
        There is no benchmark, or the labels asked for are those of its validation images.
    InputError
        Anything wrong with a file, or labels that are boxes without masks.

    Examples
    --------
    >>> evaluate_labels("benchmarks/coco-n-hard-seed1")  # doctest: +SKIP
    """
    labels = evaluation_input(benchmark)
    labels.require_predictions()
    opened = labels.opened
    if opened is None:
        raise UsageError("masks noisy needs a benchmark: its manifest tells what was changed")
    manifest, noisy = opened.manifest(), opened.noisy()
    rows = manifest.filter(pc.invert(manifest["crowd"]))
    check_masks(noisy.path.name, len(rows) - len(of_masks(rows)), len(rows), "agreement of masks")
    results = mask_agreement(manifest, noisy.categories).to_dict()
    return evaluation("masks", labels, results, {})
