"""The floors of a benchmark as competitors: scored as a detector's table is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from benchmark_n.benchmark import Benchmark
from benchmark_n.evaluation.label_errors import score_benchmark
from benchmark_n.evaluators.label_errors import truth as error_truth
from benchmark_n.evaluators.label_errors.floors import FLOORS, BlindScores, floor_scores
from benchmark_n.evaluators.label_errors.options import LabelErrorOptions
from benchmark_n.evaluators.label_errors.results import LabelErrorResult
from benchmark_n.tables.scores import scores_table

KINDS = ("class", "spatial", "any")


def score_floors(
    benchmark: Benchmark, options: LabelErrorOptions, blind: BlindScores | None
) -> dict[str, LabelErrorResult]:
    """The results of each floor that ranks, with their replicates, for paired differences.

    They flag nothing: measures of flags say nothing here. Flag everything ranks as chance does.

    Parameters
    ----------
    blind
        Scores of the blind floor; without them it is left out.

    Returns
    -------
    dict
        Floor to its results for class, spatial and any.
    """
    rows = error_truth.surviving(benchmark.manifest())
    by_kind = {kind: floor_scores(rows, kind, blind) for kind in KINDS}
    found = {}
    for floor in FLOORS[1:]:
        kinds = [kind for kind in KINDS if floor in by_kind[kind]]
        if not kinds:
            continue
        columns = {
            "image_id": rows["image_id"].to_pylist() * len(kinds),
            "annotation_id": rows["annotation_id"].to_pylist() * len(kinds),
            "kind": np.repeat(kinds, len(rows)).tolist(),
            "score": np.concatenate([_from_0_to_1(by_kind[kind][floor]) for kind in kinds]),
            "flagged": np.zeros(len(kinds) * len(rows), bool),
        }
        found[floor] = score_benchmark(scores_table(columns), benchmark, options, blind=blind)
    return found


def _from_0_to_1(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same order, ties kept, as scores tables have it."""
    return np.asarray(rankdata(scores, "dense") / max(len(scores), 1), np.float64)
