"""`evaluate_labels`: how far a benchmark's noisy labels are from the clean ones."""

from __future__ import annotations

from pathlib import Path

from benchmark_n.benchmark import Benchmark
from benchmark_n.errors import UsageError
from benchmark_n.evaluation.evaluation_input import EvaluationInput, evaluation_input
from benchmark_n.evaluation.result import Evaluation, evaluation
from benchmark_n.evaluators.label_quality.mask_agreement import mask_agreement


def evaluate_labels(benchmark: EvaluationInput | Benchmark | Path | str) -> Evaluation:
    """Agreement of the noisy labels with the clean ones, as the manifest tells it.

    Raises
    ------
    UsageError
        There is no benchmark, or the labels asked for are those of its validation images.
    InputError
        Anything wrong with a file.

    Examples
    --------
    >>> evaluate_labels("benchmarks/coco-n-hard-seed1")  # doctest: +SKIP
    """
    labels = evaluation_input(benchmark)
    labels.require_predictions()
    opened = labels.opened
    if opened is None:
        raise UsageError("masks noisy needs a benchmark: its manifest tells what was changed")
    results = mask_agreement(opened.manifest(), opened.noisy().categories).to_dict()
    return evaluation("masks", labels, results, {})
