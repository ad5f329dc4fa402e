"""The modes of `benchmark_n.evaluate`: each returns plain values for JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmark_n.benchmark import Benchmark
from benchmark_n.coco import CocoFile
from benchmark_n.coco.predictions import Predictions, read_predictions
from benchmark_n.errors import UsageError
from benchmark_n.evaluators.average_precision.evaluate import evaluate_instances
from benchmark_n.evaluators.average_precision.problem import IOU_TYPES, IouType
from benchmark_n.evaluators.cardiac.frames import (
    annotated_ventricles,
    predicted_ventricles,
    read_frames,
)
from benchmark_n.evaluators.label_quality.mask_agreement import mask_agreement


def average_precisions(
    truth: CocoFile,
    found: Predictions,
    iou_types: Sequence[IouType] | None,
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """Results by IoU type; without `iou_types` all that the predictions allow."""
    types = iou_types or default_types([found])
    return {
        iou_type: evaluate_instances(truth, found, iou_type=iou_type, **settings).to_dict()
        for iou_type in types
    }


def default_types(predictions: Sequence[Predictions]) -> Sequence[IouType]:
    """All IoU types where every detection has a mask, else boxes alone."""
    if all(found.have_masks for found in predictions):
        return IOU_TYPES
    return ("bbox",)


def comparison(
    truth: CocoFile,
    files: Mapping[str, Path | str],
    iou_types: Sequence[IouType] | None,
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """Results by name and IoU type; ``kept`` is the share of the first one's AP."""
    found = {name: read_predictions(path, truth) for name, path in files.items()}
    types = iou_types or default_types(list(found.values()))
    rows = {name: average_precisions(truth, each, types, settings) for name, each in found.items()}
    first = next(iter(rows.values()))
    for row in rows.values():
        row["kept"] = {
            kind: _share(row[kind]["statistics"]["AP"], first[kind]["statistics"]["AP"])
            for kind in types
        }
    return rows


def _share(value: float | None, whole: float | None) -> float | None:
    return value / whole if value is not None and whole else None


def noisy_masks(benchmark: Benchmark | None, masks: str | None) -> dict[str, Any]:
    """Agreement of the noisy labels with the clean ones."""
    if masks != "noisy":
        raise UsageError(f"masks must be noisy, but got '{masks}'")
    if benchmark is None:
        raise UsageError("masks noisy needs a benchmark: its manifest tells what was changed")
    return mask_agreement(benchmark.manifest(), benchmark.noisy().categories).to_dict()


def ejection_fractions(
    truth: CocoFile,
    benchmark: Benchmark | None,
    predictions: Path | str | None,
    length: str,
) -> dict[str, Any]:
    """Ejection fractions of the predictions, or else of the benchmark's noisy labels."""
    # Brings parts of SciPy that take as long as a small evaluation; no other mode wants them.
    from benchmark_n.evaluators.cardiac.evaluate import evaluate_ejection_fraction

    frames = read_frames(truth)
    if predictions is not None:
        evaluated = predicted_ventricles(read_predictions(predictions, truth), truth)
    elif benchmark is not None:
        evaluated = annotated_ventricles(benchmark.noisy())
    else:
        raise UsageError("ef with a ground-truth file needs predictions")
    reference = annotated_ventricles(truth)
    result = evaluate_ejection_fraction(frames, reference, evaluated, length=length).to_dict()
    return {"evaluated": "noisy labels" if predictions is None else "predictions", **result}
