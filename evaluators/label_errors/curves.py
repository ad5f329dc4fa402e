"""Precision against recall of a scores table, for plots."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evaluators.label_errors import alignment, ranking
from benchmark_n.evaluators.label_errors import truth as error_truth
from benchmark_n.evaluators.label_errors.truth import DEFAULT_TRUTH, SpatialTruth

Curve = tuple[NDArray[np.float64], NDArray[np.float64]]


def precision_recall_curves(
    scores: Any, manifest: Any, *, spatial: SpatialTruth = DEFAULT_TRUTH
) -> dict[str, Curve]:
    """Kind of error to (recall, precision), float64 (B,) each, for ``class``, ``spatial``, ``any``.

    One point for each distinct score. Kinds without scores or without errors are left out.

    Examples
    --------
    >>> from benchmark_n import SourceOptions, detect, make
    >>> benchmark = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard")
    >>> (found,) = detect(benchmark.noisy(), None, "random")
    >>> recall, precision = precision_recall_curves(found.scores, benchmark.manifest())["class"]
    >>> float(recall[-1]), round(float(precision[-1]), 2)  # all flagged: 12 of 26 are wrong
    (1.0, 0.46)
    """
    rows = error_truth.surviving(manifest)
    truths = {
        "class": error_truth.class_errors(rows),
        "spatial": error_truth.spatial_errors(rows, spatial),
        "spurious": error_truth.spurious_errors(rows),
        "any": error_truth.any_errors(rows, spatial),
    }
    ids = np.asarray(rows["annotation_id"].to_numpy(), np.int64)
    curves = {}
    for kind, truth in truths.items():
        given = alignment.kind_column(scores, kind, ids)
        kept = ~truth.ignored
        if given is None or not truth.wrong[kept].any():
            continue
        blocks = ranking.make_blocks(given.scores[kept])
        found = np.cumsum(blocks.counts(truth.wrong[kept].astype(np.int64)))
        shown = np.cumsum(blocks.counts(np.ones(int(kept.sum()), np.int64)))
        curves[kind] = (found / found[-1], found / shown)
    return curves
