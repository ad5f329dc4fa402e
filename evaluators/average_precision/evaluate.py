"""COCO and LVIS average precision of boxes, masks and boundaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile
from benchmark_n.coco.labels import category_labels
from benchmark_n.coco.predictions import Predictions, read_predictions
from benchmark_n.coco.units import image_units
from benchmark_n.errors import InputError, UsageError
from benchmark_n.evaluators.average_precision import lvis
from benchmark_n.evaluators.average_precision.engines import build_problem, run
from benchmark_n.evaluators.average_precision.ground_truth import federated
from benchmark_n.evaluators.average_precision.options import PrecisionOptions
from benchmark_n.evaluators.average_precision.problem import IOU_TYPES, Curves, IouType, Problem
from benchmark_n.evaluators.average_precision.resampling import Resampling
from benchmark_n.evaluators.average_precision.statistics import (
    Statistics,
    category_statistics,
    coco_statistics,
    distribution,
    lvis_statistics,
    mean_statistics,
)
from benchmark_n.evaluators.label_errors.bootstrap import interval
from benchmark_n.masks.boundary import DEFAULT_DILATION_RATIO
from benchmark_n.runtime.options import check_known

_NO_SUPERCATEGORY = "(none)"


@dataclass(frozen=True)
class InstanceSegmentationResult:
    """Average precision and recall, as fractions; None where there is no ground truth.

    Parameters
    ----------
    statistics
        COCO's twelve, or LVIS's thirteen.
    per_category
        Category name to its average precisions.
    per_supercategory
        Supercategory to the means over its categories that have ground truth.
    scores, losses
        Distribution of the detections' scores, and of their ``loss`` fields where they have some.
    intervals, replicates
        AP, AP50 and AP75 to their 95 % bootstrap intervals over units, and to the bootstrap values,
        float64 (R,), for paired differences; empty unless asked for.
    slices
        Field to its values as plain `Slice`s, the worst first.
    settings
        IoU type, engine, protocol and all that the figures depend on.
    warnings
        What was unusual about the input.

    Examples
    --------
    >>> from benchmark_n import SourceOptions, make
    >>> truth = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard").clean()
    >>> found = evaluate_instances(truth, [{**record, "score": 0.9} for record in truth.records()])
    >>> round(found.statistics["AP"], 3)
    1.0
    """

    statistics: Statistics
    per_category: Mapping[str, Statistics]
    per_supercategory: Mapping[str, Statistics]
    scores: Mapping[str, Any] | None
    losses: Mapping[str, Any] | None
    settings: Mapping[str, Any]
    warnings: Sequence[str]
    intervals: Mapping[str, Any] = field(default_factory=dict)
    slices: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    replicates: Mapping[str, NDArray[np.float64]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, without the replicates."""
        values = asdict(self)
        del values["replicates"]
        return values


def evaluate_instances(
    truth: CocoFile,
    predictions: Path | str | Sequence[Mapping[str, Any]] | Predictions,
    *,
    iou_type: IouType = "segm",
    options: PrecisionOptions = PrecisionOptions(),
) -> InstanceSegmentationResult:
    """Evaluate detections against ground truth.

    Parameters
    ----------
    truth
        The annotations.
    predictions
        COCO results: a file, its records, or `Predictions` already checked.
    iou_type
        ``bbox``, ``segm`` or ``boundary``.

    Raises
    ------
    InputError, UsageError
        Bad records (see `read_predictions`), or a setting that there is not.
    """
    check_known("`iou_type`", iou_type, IOU_TYPES)
    if not isinstance(predictions, Predictions):
        predictions = read_predictions(predictions, truth)
    problem, settings, silent = _problem(truth, predictions, iou_type, options)
    used, curves = run(problem, options.engine, keep_cells=options.replicates > 0)
    again, told, odd = _resampled(truth, problem, curves, options)
    drawn = {} if again is None else again.replicates()
    agnostic = options.class_agnostic
    per_category = {} if agnostic else category_statistics(curves, problem.category_ids)
    return InstanceSegmentationResult(
        _statistics(problem, curves),
        _by_name(truth, per_category),
        _by_supercategory(truth, per_category),
        distribution(predictions.scores),
        distribution(predictions.losses),
        {"iou_type": iou_type, "engine": used, **settings, **told},
        [*_warnings(truth, predictions, silent), *odd],
        {name: interval(values) for name, values in drawn.items()},
        {}
        if again is None
        else {by: [one.to_dict() for one in again.slices(truth, by)] for by in options.by},
        drawn,
    )


def _resampled(
    truth: CocoFile, problem: Problem, curves: Curves, options: PrecisionOptions
) -> tuple[Resampling | None, dict[str, Any], Sequence[str]]:
    """What intervals and slices come from, with its settings and warnings; None if none is due."""
    if not options.replicates or curves.cells is None:
        return None, {}, ()
    if options.class_agnostic and {"category", "supercategory"} & set(options.by):
        raise UsageError("`class_agnostic` leaves no categories to slice by (`by`)")
    units = image_units(truth, np.array(problem.image_ids, np.int64), options.group_by)
    told = {"bootstrap": options.replicates, "seed": options.seed, **units.to_settings()}
    again = Resampling(problem, curves.cells, units, options.replicates, options.seed)
    return again, told, units.warnings


def _problem(
    truth: CocoFile, predictions: Predictions, iou_type: IouType, options: PrecisionOptions
) -> tuple[Problem, dict[str, Any], int]:
    """The problem, the settings that it goes by, and the ground truths without ``iscrowd``."""
    known = federated(truth)
    protocol = options.protocol or ("lvis" if known is not None else "coco")
    if protocol == "lvis" and known is None:
        raise InputError(f"{truth.path.name}: protocol lvis needs neg_category_ids in the images")
    most = options.max_detections or (lvis.MAX_DETECTIONS if protocol == "lvis" else 100)
    ratio = options.dilation_ratio or DEFAULT_DILATION_RATIO
    problem, silent = build_problem(truth, predictions, iou_type, most, ratio, options.compat)
    if protocol == "lvis" and known is not None:
        problem = lvis.federate(problem, known)
    if options.class_agnostic:
        problem = problem.class_agnostic()
    settings = {
        "protocol": protocol,
        "max_detections": most,
        "class_agnostic": options.class_agnostic,
        "dilation_ratio": ratio if iou_type == "boundary" else None,
        "compat": options.compat,
        "images": len(truth.images),
        "ground_truths": len(truth),
        "detections": len(predictions),
    }
    return problem, settings, silent


def _statistics(problem: Problem, curves: Curves) -> Statistics:
    if problem.federated is None:
        return coco_statistics(curves, problem.max_detections)
    frequency = problem.federated.frequency
    return lvis_statistics(curves, problem.max_detections, problem.category_ids, frequency)


def _warnings(truth: CocoFile, predictions: Predictions, silent: int) -> list[str]:
    lines = []
    if not len(predictions):
        lines.append(f"{predictions.name}: no detections: every result is 0")
    if not predictions.have_masks:
        lines.append(f"{predictions.name}: not every detection has a mask: boxes alone count")
    if silent:
        lines.append(f"{truth.path.name}: {silent} annotations without iscrowd, read as 0")
    if not np.any(~truth.crowd):
        lines.append(f"{truth.path.name}: no ground truth but crowds: nothing is defined")
    return lines


def _by_name(truth: CocoFile, detections: Mapping[int, Statistics]) -> dict[str, Statistics]:
    """By name; where two categories have one name, the ids tell them apart."""
    labels = category_labels(truth.categories)
    return {labels[i]: values for i, values in detections.items()}


def _by_supercategory(
    truth: CocoFile, detections: Mapping[int, Statistics]
) -> dict[str, Statistics]:
    groups: dict[str, list[Statistics]] = {}
    for category, values in detections.items():
        name = truth.categories[category].supercategory or _NO_SUPERCATEGORY
        groups.setdefault(name, []).append(values)
    if set(groups) == {_NO_SUPERCATEGORY}:
        return {}
    return {name: mean_statistics(parts) for name, parts in groups.items()}
