"""Spatial errors under other rules, and rules that say less than they seem to."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmark_n.evaluators.label_errors import alignment
from benchmark_n.evaluators.label_errors.measures import Measured, ScoredItems, measure
from benchmark_n.evaluators.label_errors.truth import (
    TRUTHS,
    SpatialTruth,
    float_values,
    spatial_errors,
)

SWEEP = tuple(round(0.5 + 0.05 * i, 2) for i in range(10))
_FEW = 0.1


def under_other_truths(
    scores: Any, rows: Any, truth: SpatialTruth
) -> tuple[list[Measured], dict[str, Measured]]:
    """The measures of ``spatial``, without intervals, for each bar of `SWEEP` and each rule.

    Parameters
    ----------
    scores
        A scores table; without rows of ``spatial`` there are no measures.
    rows
        Of the manifest, those of annotations that the noisy file has.
    truth
        Whether slight changes are left out is as it has it.
    """
    ids = np.asarray(rows["annotation_id"].to_numpy(), np.int64)
    given = alignment.kind_column(scores, "spatial", ids)
    if given is None:
        return [], {}
    groups = np.zeros(len(rows), np.int64)

    def under(rule: SpatialTruth) -> Measured:
        labels = spatial_errors(rows, rule)
        every = ScoredItems(given.scores, labels.wrong, given.flagged, groups, 1)
        return measure(every.part(~labels.ignored))

    sweep: list[Measured] = [
        {"threshold": bar, **under(SpatialTruth("mask-iou", bar, truth.leave_out))} for bar in SWEEP
    ]
    return sweep, {name: under(SpatialTruth(name)) for name in TRUTHS}


def truth_warnings(rows: Any, truth: SpatialTruth) -> tuple[str, ...]:
    """Lines for most right masks left out, and for hardly a right one among those counted.

    Parameters
    ----------
    rows
        Of the manifest, those of annotations that the noisy file has.

    Examples
    --------
    >>> from benchmark_n import SourceOptions, make
    >>> benchmark = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard")
    >>> truth_warnings(benchmark.manifest(), SpatialTruth())
    ()
    """
    labels = spatial_errors(rows, truth)
    known = np.isfinite(float_values(rows["iou"]))
    slight = int((labels.ignored & known).sum())
    right = int((~labels.ignored & ~labels.wrong).sum())
    counted = int((~labels.ignored).sum())
    lines = []
    if slight > right:
        lines.append(
            f"spatial errors: {slight} masks that changed by less than the bar of truth "
            f"{truth.name} are left out, {right} count as right: precision and AUPRC are those of "
            "the few that are left (`leave_out=False` counts all)"
        )
    if counted and right < _FEW * counted:
        lines.append(
            f"spatial errors: only {right} of {counted} masks count as right under truth "
            f"{truth.name}, so that any ranking has a high AUPRC: of real pairs of files "
            "`truth='pair-quantile'` asks for more than annotators differ by"
        )
    return tuple(lines)
