"""Average precisions of submissions of models that were trained on noisy or weak labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmark_n.coco.predictions import read_predictions
from benchmark_n.coco.units import units_line
from benchmark_n.errors import InputError
from benchmark_n.evaluators.average_precision.evaluate import (
    InstanceSegmentationResult,
    evaluate_instances,
)
from benchmark_n.evaluators.average_precision.options import PrecisionOptions
from benchmark_n.evaluators.average_precision.problem import IouType
from benchmark_n.evaluators.label_errors.over_seeds import OverSeeds, over_seeds
from benchmark_n.masks.boundary import DEFAULT_DILATION_RATIO
from benchmark_n.report.evaluation_tables import IOU_TITLES
from benchmark_n.report.result_table import ResultTable
from benchmark_n.report.seed_comparison import ranked_table
from benchmark_n.report.submission import Run, Submission
from benchmark_n.report.submission_check import Judge, benchmark_name

Sent = Mapping[Path, Submission]
_TYPES: tuple[IouType, ...] = ("segm", "boundary", "bbox")
_PRECISION: dict[str, str] = {kind: f"{IOU_TITLES[kind]} AP" for kind in _TYPES}


def runs_of(one: Submission, judge: Judge, role: str) -> list[Run]:
    """The runs of one benchmark in one role."""
    return [r for r in one.runs if r.annotations_sha256 == judge.sha256 and r.role == role]


def detected_table(sent: Sent, known: Sequence[Judge], track: str, bootstrap: int) -> ResultTable:
    """AP on the clean validation labels, of entries beside their floors and ceilings."""
    by_role: dict[str, dict[str, dict[str, OverSeeds]]] = {"entry": {}, "floor": {}, "ceiling": {}}
    units = ""
    for path, one in sent.items():
        for role, made in by_role.items():
            runs = [(j, run) for j in known for run in runs_of(one, j, role)]
            if runs:
                results = [_precision(path / run.file, judge, bootstrap) for judge, run in runs]
                name = one.method if role == "entry" else f"{role}: {one.method}"
                made[name] = _over_runs(results)
                settings = results[0]["segm"].settings
                units = units_line(settings["group_by"], settings["groups"])
    return ranked_table(
        f"{benchmark_name(known[0].benchmark)}, track {track}: clean validation labels",
        by_role["entry"],
        by_role["floor"],
        _PRECISION,
        [units],
        told={one.method: ", ".join(one.told) for one in sent.values()},
        beside=by_role["ceiling"],
    )


def _precision(path: Path, judge: Judge, bootstrap: int) -> dict[str, InstanceSegmentationResult]:
    """AP of each IoU type on the clean validation labels."""
    truth = judge.validation
    detections = read_predictions(path, truth)
    if not detections.have_masks:
        raise InputError(f"{path}: not every detection has a mask: tracks A and D need them")
    ratio = float(judge.benchmark.recipe.get("dilation_ratio", DEFAULT_DILATION_RATIO))
    options = PrecisionOptions(bootstrap=bootstrap, dilation_ratio=ratio)
    return {k: evaluate_instances(truth, detections, iou_type=k, options=options) for k in _TYPES}


def _over_runs(results: Sequence[Mapping[str, InstanceSegmentationResult]]) -> dict[str, OverSeeds]:
    made: dict[str, OverSeeds] = {}
    for kind in _TYPES:
        values = [float(one[kind].statistics["AP"] or 0.0) for one in results]
        made[kind] = over_seeds(values, [r[kind].replicates["AP"] for r in results])
    return made
