"""`evaluate_predictions` and `compare_predictions`: average precisions of COCO results."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmark_n.benchmark import Benchmark
from benchmark_n.coco import CocoFile
from benchmark_n.coco.lacking_masks import with_masks
from benchmark_n.coco.predictions import Predictions, read_predictions
from benchmark_n.errors import UsageError
from benchmark_n.evaluation.evaluation_input import EvaluationInput, evaluation_input
from benchmark_n.evaluation.result import Evaluation, evaluation
from benchmark_n.evaluators.average_precision.evaluate import evaluate_instances
from benchmark_n.evaluators.average_precision.options import PrecisionOptions
from benchmark_n.evaluators.average_precision.problem import IOU_TYPES, IouType

_log = logging.getLogger(__name__)


def evaluate_predictions(
    truth: EvaluationInput | Benchmark | Path | str,
    predictions: Path | str,
    *,
    iou_types: Sequence[IouType] | None = None,
    options: PrecisionOptions = PrecisionOptions(),
) -> Evaluation:
    """Average precisions of detections.

    Parameters
    ----------
    truth
        A benchmark or its directory, whose clean labels count, or other labels by
        `EvaluationInput`.
    predictions
        COCO results file.
    iou_types
        Of ``bbox``, ``segm``, ``boundary``; by default all that predictions and labels allow.

    Raises
    ------
    UsageError, InputError
        An IoU type that there is not, or anything wrong with a file.

    Examples
    --------
    >>> from benchmark_n import EvaluationInput
    >>> evaluate_predictions(
    ...     EvaluationInput(ground_truth="instances.json"), "detections.json"
    ... )  # doctest: +SKIP
    """
    labels = evaluation_input(truth)
    options = _with_ratio(options, labels)
    detections = read_predictions(Path(predictions), labels.truth)
    types = iou_types or _allowed(labels.truth, [detections])
    results = _by_type(labels.described, detections, types, options)
    return evaluation("predictions", labels, results, {"predictions": predictions})


def compare_predictions(
    truth: EvaluationInput | Benchmark | Path | str,
    files: Mapping[str, Path | str],
    *,
    iou_types: Sequence[IouType] | None = None,
    options: PrecisionOptions = PrecisionOptions(),
) -> Evaluation:
    """Average precisions side by side: the paper's Table 3.

    Parameters
    ----------
    truth
        A benchmark or its directory, whose clean labels count, or other labels by
        `EvaluationInput`.
    files
        Name to COCO results file, the clean-trained model's first: ``kept`` is each one's share
        of its AP.
    iou_types
        Of ``bbox``, ``segm``, ``boundary``; by default all that predictions and labels allow.

    Raises
    ------
    UsageError, InputError
        An IoU type that there is not, or anything wrong with a file.

    Examples
    --------
    >>> files = {"clean": "a.json", "hard": "b.json"}
    >>> compare_predictions("benchmarks/coco-n-hard-seed1", files)  # doctest: +SKIP
    """
    if not files:
        raise UsageError("`compare` names no file, expected one or more")
    labels = evaluation_input(truth)
    options = _with_ratio(options, labels)
    detections = {name: read_predictions(path, labels.truth) for name, path in files.items()}
    types = iou_types or _allowed(labels.truth, list(detections.values()))
    described = labels.described
    rows = {name: _by_type(described, each, types, options) for name, each in detections.items()}
    first = next(iter(rows.values()))
    for row in rows.values():
        row["kept"] = {
            kind: _share(row[kind]["statistics"]["AP"], first[kind]["statistics"]["AP"])
            for kind in types
        }
    return evaluation("compare", labels, rows, files)


def _with_ratio(options: PrecisionOptions, labels: EvaluationInput) -> PrecisionOptions:
    """The options with the benchmark's dilation of boundaries, where none was asked for."""
    if options.dilation_ratio is not None:
        return options
    return replace(options, dilation_ratio=labels.dilation_ratio)


def _by_type(
    truth: CocoFile, detections: Predictions, types: Sequence[IouType], options: PrecisionOptions
) -> dict[str, Any]:
    return {
        iou_type: evaluate_instances(
            truth, detections, iou_type=iou_type, options=options
        ).to_dict()
        for iou_type in types
    }


def _allowed(truth: CocoFile, predictions: Sequence[Predictions]) -> Sequence[IouType]:
    """All IoU types where every detection and some label has a mask, else boxes alone."""
    if not all(detections.have_masks for detections in predictions):
        return ("bbox",)
    if len(truth) and not with_masks(truth).any():
        _log.warning(
            "%s: its %d annotations are boxes without masks: boxes alone are evaluated",
            *(truth.path.name, len(truth)),
        )
        return ("bbox",)
    return IOU_TYPES


def _share(value: float | None, whole: float | None) -> float | None:
    return value / whole if value is not None and whole else None
