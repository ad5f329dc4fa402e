"""Average precisions of submissions of models that were trained on noisy or weak labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark_n.coco.predictions import read_predictions
from benchmark_n.coco.units import units_line
from benchmark_n.errors import InputError
from benchmark_n.evaluators.average_precision.evaluate import evaluate_instances
from benchmark_n.evaluators.average_precision.options import PrecisionOptions
from benchmark_n.evaluators.average_precision.problem import IouType
from benchmark_n.evaluators.label_errors.over_seeds import OverSeeds, over_seeds
from benchmark_n.masks.boundary import DEFAULT_DILATION_RATIO
from benchmark_n.report.evaluation_tables import IOU_TITLES
from benchmark_n.report.ranked_table import ranked_table
from benchmark_n.report.result_table import ResultTable
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
            results = [
                [_precision(path / run.file, judge, bootstrap) for run in runs_of(one, judge, role)]
                for judge in known
            ]
            if any(results):
                name = one.method if role == "entry" else f"{role}: {one.method}"
                # All noise seeds count the same, however many trainings each has.
                made[name] = _mean([_mean([run.measures for run in runs]) for runs in results])
                units = results[0][0].units
    return ranked_table(
        f"{benchmark_name(known[0].benchmark)}, track {track}: clean validation labels",
        by_role["entry"],
        by_role["floor"],
        _PRECISION,
        [units],
        told={one.method: ", ".join(one.told) for one in sent.values()},
        beside=by_role["ceiling"],
    )


@dataclass(frozen=True)
class _Precision:
    """AP of one run by IoU type, and what its replicates resample."""

    measures: dict[str, OverSeeds]
    units: str


def _precision(path: Path, judge: Judge, bootstrap: int) -> _Precision:
    """AP of each IoU type on the clean validation labels."""
    truth = judge.validation
    detections = read_predictions(path, truth)
    if not detections.have_masks:
        raise InputError(f"{path}: not every detection has a mask: tracks A and D need them")
    ratio = float(judge.benchmark.recipe.get("dilation_ratio", DEFAULT_DILATION_RATIO))
    options = PrecisionOptions(bootstrap=bootstrap, dilation_ratio=ratio)
    measures: dict[str, OverSeeds] = {}
    for kind in _TYPES:
        result = evaluate_instances(truth, detections, iou_type=kind, options=options)
        value = result.statistics["AP"]
        if value is None:
            raise InputError(
                f"{path}: {_PRECISION[kind]} is not defined: {truth.path} has no instance to find"
            )
        measures[kind] = over_seeds([value], [result.replicates["AP"]])
    return _Precision(measures, units_line(result.settings["group_by"], result.settings["groups"]))


def _mean(parts: Sequence[Mapping[str, OverSeeds]]) -> dict[str, OverSeeds]:
    """The mean of each IoU type over noise seeds, or over the trainings of one."""
    return {
        kind: over_seeds([one[kind].mean for one in parts], [one[kind].replicates for one in parts])
        for kind in _TYPES
    }
