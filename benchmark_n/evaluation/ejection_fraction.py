"""`evaluate_ejection_fraction`: of an echo benchmark's noisy labels, or of predictions."""

from __future__ import annotations

from pathlib import Path

from benchmark_n.benchmark import Benchmark
from benchmark_n.coco import CocoFile
from benchmark_n.coco.lacking_masks import refuse_boxes
from benchmark_n.coco.predictions import read_predictions
from benchmark_n.errors import UsageError
from benchmark_n.evaluation.evaluation_input import EvaluationInput, evaluation_input
from benchmark_n.evaluation.result import Evaluation, evaluation
from benchmark_n.evaluators.cardiac.frames import (
    annotated_ventricles,
    predicted_ventricles,
    read_frames,
)


def evaluate_ejection_fraction(
    truth: EvaluationInput | Benchmark | Path | str,
    predictions: Path | str | None = None,
    *,
    length: str = "mean",
) -> Evaluation:
    """Errors of the ejection fraction, in percentage points, and of the ventricles behind it.

    Parameters
    ----------
    truth
        An echo benchmark or its directory, whose clean labels count, or other labels by
        `EvaluationInput`.
    predictions
        COCO results file; by default the benchmark's noisy labels are evaluated.
    length
        Of the long axis: ``mean``, ``max`` or ``camus``.

    Raises
    ------
    UsageError
        Neither predictions nor noisy labels.
    InputError
        Anything wrong with a file.

    Examples
    --------
    >>> evaluate_ejection_fraction("benchmarks/phantom-n-hard-seed1")  # doctest: +SKIP
    """
    # Brings parts of SciPy that take as long as a small evaluation; no other question wants them.
    from benchmark_n.evaluators.cardiac import evaluate as cardiac

    labels = evaluation_input(truth)
    if predictions is None:
        labels.require_predictions()
    opened = labels.opened
    refuse_boxes(labels.truth, "the ejection fraction")
    frames = read_frames(_described(labels))
    if predictions is not None:
        evaluated = predicted_ventricles(read_predictions(predictions, labels.truth), labels.truth)
    elif opened is not None:
        evaluated = annotated_ventricles(opened.noisy())
    else:
        raise UsageError("ef with a ground-truth file needs predictions")
    reference = annotated_ventricles(labels.truth)
    found = cardiac.evaluate_ejection_fraction(frames, reference, evaluated, length=length)
    judged = "noisy labels" if predictions is None else "predictions"
    files = {} if predictions is None else {"predictions": predictions}
    return evaluation("ef", labels, {"evaluated": judged, **found.to_dict()}, files)


def _described(labels: EvaluationInput) -> CocoFile:
    """The labels whose image records have the reference values, which noisy ones have not."""
    if labels.file is None and labels.against == "noisy" and labels.opened is not None:
        return labels.opened.clean()
    return labels.truth
