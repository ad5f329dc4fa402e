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
    >>> import json
    >>> from benchmark_n import SourceOptions, make
    >>> benchmark = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard")
    >>> found = [{**record, "score": 0.9} for record in benchmark.clean().records()]
    >>> _ = Path("found.json").write_text(json.dumps(found))
    >>> results = evaluate_predictions(benchmark, "found.json").results
    >>> [round(results[iou]["statistics"]["AP"], 3) for iou in ("bbox", "segm", "boundary")]
    [1.0, 1.0, 1.0]
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
    >>> import json
    >>> from benchmark_n import SourceOptions, make
    >>> benchmark = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard")
    >>> labels = {"clean": benchmark.clean(), "noisy": benchmark.noisy()}
    >>> for name, coco in labels.items():  # as if they were predictions
    ...     found = [{**record, "score": 0.9} for record in coco.records()]
    ...     _ = Path(f"{name}.json").write_text(json.dumps(found))
    >>> found = compare_predictions(benchmark, {name: f"{name}.json" for name in labels})
    >>> round(found.results["noisy"]["kept"]["segm"], 2)
    0.26
    """
    if not files:
        raise UsageError("`compare` names no file, expected one or more")
    labels = evaluation_input(truth)
    options = _with_ratio(options, labels)
    detections = {name: read_predictions(path, labels.truth) for name, path in files.items()}
    types = iou_types or _allowed(labels.truth, list(detections.values()))
    rows = {name: _by_type(labels.described, p, types, options) for name, p in detections.items()}
    first = next(iter(rows.values()))
    for row in rows.values():
        parts = {kind: [one[kind]["statistics"]["AP"] for one in (row, first)] for kind in types}
        row["kept"] = {kind: _share(*both) for kind, both in parts.items()}
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
