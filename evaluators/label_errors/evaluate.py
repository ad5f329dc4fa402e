"""Label-error detection: a scores table against the manifest.

The kinds of error are ``class`` (another category), ``spatial`` (mask IoU with the clean mask below
a threshold; ``spatial_boundary`` the same by boundary IoU), ``any`` (class, spatial or spurious)
and, apart from these, ``missing`` (deleted instances, found by proposals).

References
----------
.. [1] Northcutt, Jiang, Chuang: Confident Learning: Estimating Uncertainty in Dataset Labels,
       JAIR 70 (2021): precision, recall and F1 of found label errors.
.. [2] Kuan, Mueller: Model-agnostic label quality scoring to detect real-world label errors,
       ICML DataPerf workshop 2022: AUROC, AUPRC and precision at k.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from benchmark_n.coco import Category
from benchmark_n.evaluators.label_errors import alignment, missing
from benchmark_n.evaluators.label_errors import truth as error_truth
from benchmark_n.evaluators.label_errors.bootstrap import interval
from benchmark_n.evaluators.label_errors.measures import Measured, ScoredItems, measure, replicates
from benchmark_n.evaluators.label_errors.options import LabelErrorOptions
from benchmark_n.evaluators.label_errors.results import KindResult, LabelErrorResult
from benchmark_n.evaluators.label_errors.slices import slice_items
from benchmark_n.evaluators.label_errors.truth import Truth
from benchmark_n.masks import Rle
from benchmark_n.tables.scores import check_scores

SWEEP = tuple(round(0.5 + 0.05 * i, 2) for i in range(10))
# The kind of row that a kind of error is scored by, where it has another name.
_COLUMN = {"spatial_boundary": "spatial"}


def evaluate_label_errors(
    scores: Any,
    manifest: Any,
    *,
    categories: Mapping[int, Category] | None = None,
    deleted_masks: Mapping[int, Mapping[int, Rle]] | None = None,
    options: LabelErrorOptions = LabelErrorOptions(),
) -> LabelErrorResult:
    """Score a detector's table against the truth.

    Parameters
    ----------
    scores
        A scores table (`benchmark_n.tables.scores`). An annotation without a row of a kind
        that the table has otherwise counts with score 0 and no flag, and as ``unscored``.
    manifest
        A manifest table (`benchmark_n.tables.manifest_schema`), with any further columns that
        the options name. Only annotations that the noisy file has, and no crowds, are counted.
    categories
        For names and supercategories; without them ``category`` shows ids.
    deleted_masks
        Image id to annotation id to clean mask of deleted instances, for kind ``missing``.

    Raises
    ------
    InputError
        The tables are not of this kind, or the scores are of other annotations.
    """
    check_scores(scores)
    rows = error_truth.surviving(manifest)
    crowds = alignment.check_same(scores, manifest, rows)
    groups, num_groups = alignment.group_codes(manifest, rows, options.group_column)
    parts = alignment.parts_by(rows, options.by, categories)
    kinds = _annotation_kinds(scores, rows, parts, (groups, num_groups), categories, options)
    if deleted_masks is not None:
        kinds |= _missing(scores, manifest, categories, deleted_masks, options)
    settings = {
        "spatial_iou": options.spatial_iou,
        "boundary_iou": options.boundary_iou,
        "strict": options.strict,
        "group_by": options.group_column,
        "groups": num_groups,
        "bootstrap": options.bootstrap,
        "seed": options.seed,
        "crowd_scores_not_counted": crowds,
    }
    return LabelErrorResult(kinds, _sweep(scores, rows, options.strict), settings)


def _annotation_kinds(
    scores: Any,
    rows: Any,
    parts: Mapping[str, Mapping[str, NDArray[np.bool_]]],
    groups: tuple[NDArray[np.int64], int],
    categories: Mapping[int, Category] | None,
    options: LabelErrorOptions,
) -> dict[str, KindResult]:
    """The kinds of error that annotations of the noisy file have."""
    noises = alignment.noise_flags(rows) if "noise" in options.by else {}
    sliced_by = alignment.parts_by(rows, options.slices, categories)
    kinds = {}
    for kind, truth in _truths(rows, options).items():
        given = alignment.kind_column(scores, _COLUMN.get(kind, kind), _ids(rows))
        if given is not None:
            every = ScoredItems(given.scores, truth.wrong, given.flagged, *groups)
            broken = _breakdown(every, truth, parts, noises)
            counts = {"ignored": int(truth.ignored.sum()), "unscored": given.unscored}
            found = _result(kind, every.part(~truth.ignored), counts, broken, options)
            sliced = slice_items(every, ~truth.ignored, sliced_by, options.bootstrap, options.seed)
            kinds[kind] = replace(found, slices=sliced)
    return kinds


def _missing(
    scores: Any,
    manifest: Any,
    categories: Mapping[int, Category] | None,
    deleted_masks: Mapping[int, Mapping[int, Rle]],
    options: LabelErrorOptions,
) -> dict[str, KindResult]:
    """The kind ``missing``, where instances are proposed."""
    proposals = scores.filter(pc.equal(scores["kind"], "missing"))
    if not len(proposals):
        return {}
    gone = missing.deleted_rows(manifest)
    found = missing.match_proposals(proposals, deleted_masks)
    detection = missing.missing_detection(proposals, found, manifest, gone, options.group_column)
    broken = missing.recall_by(gone, found, alignment.parts_by(gone, options.by, categories))
    return {"missing": _result("missing", detection, {}, broken, options)}


def _ids(rows: Any) -> NDArray[np.int64]:
    return np.asarray(rows["annotation_id"].to_numpy(), np.int64)


def _truths(rows: Any, options: LabelErrorOptions) -> dict[str, Truth]:
    strict = options.strict
    return {
        "any": error_truth.any_errors(rows, options.spatial_iou, strict=strict),
        "class": error_truth.class_errors(rows),
        "spatial": error_truth.spatial_errors(rows, options.spatial_iou, strict=strict),
        "spatial_boundary": error_truth.spatial_errors(
            rows, options.boundary_iou, column="boundary_iou", strict=strict
        ),
    }


def _result(
    kind: str,
    detection: ScoredItems,
    counts: Mapping[str, int],
    broken: Mapping[str, Mapping[str, Measured]],
    options: LabelErrorOptions,
) -> KindResult:
    drawn = replicates(detection, options.bootstrap, options.seed)
    spread = {name: interval(values) for name, values in drawn.items()}
    return KindResult(kind, {**measure(detection), **counts}, spread, broken, drawn)


def _breakdown(
    every: ScoredItems,
    truth: Truth,
    parts: Mapping[str, Mapping[str, NDArray[np.bool_]]],
    noises: Mapping[str, NDArray[np.bool_]],
) -> dict[str, dict[str, Measured]]:
    """Measures of each part; of a noise: its errors among all that is right."""
    counted = ~truth.ignored
    broken = {
        name: {value: measure(every.part(kept & counted)) for value, kept in values.items()}
        for name, values in parts.items()
    }
    if noises:
        broken["noise"] = {
            noise: measure(every.part(counted & (applied | ~truth.wrong)))
            for noise, applied in noises.items()
            if (applied & truth.wrong & counted).any()
        }
    return broken


def _sweep(scores: Any, rows: Any, strict: bool) -> list[Measured]:
    """The measures of ``spatial`` without intervals, for each threshold of `SWEEP`."""
    given = alignment.kind_column(scores, "spatial", _ids(rows))
    if given is None:
        return []
    groups = np.zeros(len(rows), np.int64)
    steps: list[Measured] = []
    for threshold in SWEEP:
        truth = error_truth.spatial_errors(rows, threshold, strict=strict)
        every = ScoredItems(given.scores, truth.wrong, given.flagged, groups, 1)
        steps.append({"threshold": threshold, **measure(every.part(~truth.ignored))})
    return steps
