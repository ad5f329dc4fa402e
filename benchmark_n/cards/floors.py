"""What needs no detector, for the card: the floors that figures on the benchmark stand beside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmark_n.benchmark import Benchmark
from benchmark_n.coco import CocoFile
from benchmark_n.evaluators.label_errors import truth
from benchmark_n.evaluators.label_errors.blind import blind_scores
from benchmark_n.evaluators.label_errors.floors import floor_scores
from benchmark_n.evaluators.label_errors.measures import ScoredItems, Values, measure

# Of larger benchmarks every second, third, ... image is measured, until no more are left.
MEASURED = 20_000
RANKED = ("area", "category", "blind")


@dataclass(frozen=True)
class FloorRow:
    """The floors of one kind of error.

    Parameters
    ----------
    kind
        ``any``, ``class`` or ``spatial``.
    annotations, errors
        How many were looked at, and how many of them are wrong.
    flag_everything
        F1 of flagging all; None where nothing is wrong.
    auprc
        Of `RANKED`, each None where nothing is wrong. Chance has the share of errors.
    stride
        One image in this many was measured, evenly by id; 1 where all were.
    """

    kind: str
    annotations: int
    errors: int
    flag_everything: float | None
    auprc: dict[str, float | None]
    stride: int = 1


def measure_floors(benchmark: Benchmark, coco: CocoFile) -> tuple[FloorRow, ...]:
    """The floors of a benchmark whose annotation file is `coco`.

    None where its records tell what was changed, so that no detector is measured on it, and none
    where no annotation is left.
    """
    if benchmark.recipe.get("detection") is False:
        return ()
    surviving = truth.surviving(benchmark.manifest())
    if not len(surviving):
        return ()
    stride = -(-len(surviving) // MEASURED)
    rows = _every(surviving, stride)
    there = np.isin(coco.annotation_ids, rows["annotation_id"].to_numpy())
    blind = blind_scores(coco.take(np.flatnonzero(there)), benchmark.recipe)
    truths = {
        "any": truth.any_errors(rows),
        "class": truth.class_errors(rows),
        "spatial": truth.spatial_errors(rows),
    }
    found = []
    for kind, wrong in truths.items():
        counted = ~wrong.ignored
        scores = floor_scores(rows, kind, blind)
        row = _row(kind, wrong.wrong[counted], {k: v[counted] for k, v in scores.items()})
        found.append(replace(row, stride=stride))
    return tuple(found)


def _every(rows: Any, stride: int) -> Any:
    """The rows of one image in `stride`."""
    images = rows["image_id"].to_numpy()
    return rows.filter(pa.array(np.isin(images, np.unique(images)[::stride])))


def _row(kind: str, wrong: NDArray[np.bool_], scores: Mapping[str, Values]) -> FloorRow:
    nobody, alone = np.zeros(wrong.size, bool), np.zeros(wrong.size, np.int64)
    auprc = {
        name: measure(ScoredItems(scores[name], wrong, nobody, alone, 1))["auprc"]
        for name in RANKED
    }
    errors = int(wrong.sum())
    f1 = 2 * errors / (errors + wrong.size) if errors else None
    return FloorRow(kind, wrong.size, errors, f1, auprc)
