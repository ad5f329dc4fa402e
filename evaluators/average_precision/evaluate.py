"""COCO and LVIS average precision of boxes, masks and boundaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmark_n.coco import CocoFile
from benchmark_n.coco.predictions import Predictions, read_predictions
from benchmark_n.errors import InputError, UsageError
from benchmark_n.evaluators.average_precision import lvis
from benchmark_n.evaluators.average_precision.engines import ENGINES, Engine, build_problem, run
from benchmark_n.evaluators.average_precision.ground_truth import federated
from benchmark_n.evaluators.average_precision.problem import IOU_TYPES, IouType
from benchmark_n.evaluators.average_precision.statistics import (
    Statistics,
    category_statistics,
    coco_statistics,
    distribution,
    lvis_statistics,
    mean_statistics,
)
from benchmark_n.masks.boundary import DEFAULT_DILATION_RATIO

COMPATIBLE = (None, "pycocotools")
PROTOCOLS = ("coco", "lvis")
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
    settings
        IoU type, engine, protocol and all that the figures depend on.
    warnings
        What was unusual about the input.
    """

    statistics: Statistics
    per_category: Mapping[str, Statistics]
    per_supercategory: Mapping[str, Statistics]
    scores: Mapping[str, Any] | None
    losses: Mapping[str, Any] | None
    settings: Mapping[str, Any]
    warnings: Sequence[str]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def evaluate_instances(
    truth: CocoFile,
    predictions: Path | str | Sequence[Mapping[str, Any]] | Predictions,
    *,
    iou_type: IouType = "segm",
    engine: Engine = "auto",
    protocol: str | None = None,
    max_detections: int | None = None,
    class_agnostic: bool = False,
    dilation_ratio: float = DEFAULT_DILATION_RATIO,
    compat: str | None = None,
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
    engine
        ``vernier`` (extra ``fast``), ``pycocotools``, or ``auto``: the first that is installed.
    protocol
        ``coco`` or ``lvis``; by default ``lvis`` where the images name their negative categories.
    max_detections
        An image and category (COCO, 100) or an image (LVIS, 300).
    class_agnostic
        As if all categories were one.
    dilation_ratio
        Of the boundary, of the image diagonal.
    compat
        ``"pycocotools"``: as the raw oracle does it, with a ground truth of id 0 taken for
        unmatched, and areas of detections from their boxes where they have some.

    Raises
    ------
    InputError, UsageError
        Bad records (see `read_predictions`), or a setting that there is not.
    """
    _check(iou_type, engine, max_detections, dilation_ratio, compat)
    if not isinstance(predictions, Predictions):
        predictions = read_predictions(predictions, truth)
    known = federated(truth)
    chosen = protocol or ("lvis" if known is not None else "coco")
    if chosen not in PROTOCOLS:
        raise UsageError(f"protocol must be one of {', '.join(PROTOCOLS)}, but got '{chosen}'")
    if chosen == "lvis" and known is None:
        raise InputError(f"{truth.path.name}: protocol lvis needs neg_category_ids in the images")
    most = max_detections or (lvis.MAX_DETECTIONS if chosen == "lvis" else 100)
    problem, silent = build_problem(truth, predictions, iou_type, most, dilation_ratio, compat)
    if chosen == "lvis" and known is not None:
        problem = lvis.federate(problem, known)
    if class_agnostic:
        problem = problem.class_agnostic()
    used, curves = run(problem, engine)
    statistics = (
        coco_statistics(curves, problem.max_detections)
        if problem.federated is None
        else lvis_statistics(
            curves, problem.max_detections, problem.category_ids, problem.federated.frequency
        )
    )
    per_category = {} if class_agnostic else category_statistics(curves, problem.category_ids)
    return InstanceSegmentationResult(
        statistics,
        _by_name(truth, per_category),
        _by_supercategory(truth, per_category),
        distribution(predictions.scores),
        distribution(predictions.losses),
        {
            "iou_type": iou_type,
            "engine": used,
            "protocol": chosen,
            "max_detections": most,
            "class_agnostic": class_agnostic,
            "dilation_ratio": dilation_ratio if iou_type == "boundary" else None,
            "compat": compat,
            "images": len(truth.images),
            "ground_truths": len(truth),
            "detections": len(predictions),
        },
        _warnings(truth, predictions, silent),
    )


def _check(
    iou_type: str,
    engine: str,
    max_detections: int | None,
    dilation_ratio: float,
    compat: str | None,
) -> None:
    for name, value, known in (
        ("iou_type", iou_type, IOU_TYPES),
        ("engine", engine, ENGINES),
        ("compat", compat, COMPATIBLE),
    ):
        if value not in known:
            expected = ", ".join(str(k) for k in known)
            raise UsageError(f"{name} must be one of {expected}, but got '{value}'")
    if max_detections is not None and max_detections < 1:
        raise UsageError(f"max_detections must be 1 or more, but got {max_detections}")
    if not 0 < dilation_ratio < 1:
        raise UsageError(f"dilation_ratio must be between 0 and 1, but got {dilation_ratio}")


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


def _by_name(truth: CocoFile, found: Mapping[int, Statistics]) -> dict[str, Statistics]:
    """By name; where two categories have one name, the ids tell them apart."""
    names = [truth.categories[i].name for i in found]
    return {
        name if name and names.count(name) == 1 else f"{name} ({i})": found[i]
        for name, i in zip(names, found, strict=True)
    }


def _by_supercategory(truth: CocoFile, found: Mapping[int, Statistics]) -> dict[str, Statistics]:
    groups: dict[str, list[Statistics]] = {}
    for category, values in found.items():
        name = truth.categories[category].supercategory or _NO_SUPERCATEGORY
        groups.setdefault(name, []).append(values)
    if set(groups) == {_NO_SUPERCATEGORY}:
        return {}
    return {name: mean_statistics(parts) for name, parts in groups.items()}
