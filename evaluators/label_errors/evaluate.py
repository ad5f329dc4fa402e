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

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from benchmark_n.coco import Category
from benchmark_n.evaluators.label_errors import alignment, missing
from benchmark_n.evaluators.label_errors import truth as error_truth
from benchmark_n.evaluators.label_errors.bootstrap import REPLICATES, interval
from benchmark_n.evaluators.label_errors.measures import Measured, ScoredItems, measure, replicates
from benchmark_n.evaluators.label_errors.results import KindResult, LabelErrorResult
from benchmark_n.evaluators.label_errors.truth import BOUNDARY_IOU, SPATIAL_IOU, Truth
from benchmark_n.masks import Rle
from benchmark_n.tables.scores import check_scores

SWEEP = tuple(round(0.5 + 0.05 * i, 2) for i in range(10))
BY = ("noise", "category", "size", "supercategory")
# The kind of row that a kind of error is scored by, where it has another name.
_COLUMN = {"spatial_boundary": "spatial"}


def evaluate_label_errors(
    scores: Any,
    manifest: Any,
    *,
    categories: Mapping[int, Category] | None = None,
    deleted_masks: Mapping[int, Mapping[int, Rle]] | None = None,
    spatial_iou: float = SPATIAL_IOU,
    boundary_iou: float = BOUNDARY_IOU,
    strict: bool = False,
    by: Iterable[str] = BY,
    group_by: str = "image_id",
    bootstrap: int = REPLICATES,
    seed: int = 0,
) -> LabelErrorResult:
    """Score a detector's table against the truth.

    Parameters
    ----------
    scores
        A scores table (`benchmark_n.tables.scores`). An annotation without a row of a kind
        that the table has otherwise counts with score 0 and no flag, and as ``unscored``.
    manifest
        A manifest table (`benchmark_n.tables.manifest_schema`), with any further columns for
        `by` and `group_by`. Only annotations that the noisy file has, and no crowds, are counted.
    categories
        For names and supercategories; without them ``category`` shows ids.
    deleted_masks
        Image id to annotation id to clean mask of deleted instances, for kind ``missing``.
    spatial_iou, boundary_iou
        Below these a mask is a spatial error, by mask and by boundary IoU.
    strict
        Count masks changed by less as right; by default they are left out.
    by
        What to break the results down by: ``noise``, ``category``, ``supercategory``, or a column
        of `manifest`. The category is the given (noisy) one.
    group_by
        Column whose values are resampled whole.
    bootstrap, seed
        Number of replicates and their seed. Equal seeds over one manifest give paired replicates.

    Raises
    ------
    InputError
        The tables are not of this kind, or the scores are of other annotations.
    """
    check_scores(scores)
    rows = error_truth.surviving(manifest)
    crowds = alignment.check_same(scores, manifest, rows)
    by = tuple(by)
    groups, num_groups = alignment.group_codes(manifest, rows, group_by)
    parts = alignment.parts_by(rows, by, categories)
    noises = alignment.noise_flags(rows) if "noise" in by else {}
    kinds = {}
    for kind, truth in _truths(rows, spatial_iou, boundary_iou, strict).items():
        given = alignment.kind_column(scores, _COLUMN.get(kind, kind), _ids(rows))
        if given is not None:
            every = ScoredItems(given.scores, truth.wrong, given.flagged, groups, num_groups)
            broken = _breakdown(every, truth, parts, noises)
            counts = {"ignored": int(truth.ignored.sum()), "unscored": given.unscored}
            kept = every.part(~truth.ignored)
            kinds[kind] = _result(kind, kept, counts, broken, bootstrap, seed)
    proposals = scores.filter(pc.equal(scores["kind"], "missing"))
    if deleted_masks is not None and len(proposals):
        gone = missing.deleted_rows(manifest)
        found = missing.match_proposals(proposals, deleted_masks)
        detection = missing.missing_detection(proposals, found, manifest, gone, group_by)
        broken = missing.recall_by(gone, found, alignment.parts_by(gone, by, categories))
        kinds["missing"] = _result("missing", detection, {}, broken, bootstrap, seed)
    settings = {
        "spatial_iou": spatial_iou,
        "boundary_iou": boundary_iou,
        "strict": strict,
        "group_by": group_by,
        "groups": num_groups,
        "bootstrap": bootstrap,
        "seed": seed,
        "crowd_scores_not_counted": crowds,
    }
    return LabelErrorResult(kinds, _sweep(scores, rows, strict), settings)


def _ids(rows: Any) -> NDArray[np.int64]:
    return np.asarray(rows["annotation_id"].to_numpy(), np.int64)


def _truths(rows: Any, spatial_iou: float, boundary_iou: float, strict: bool) -> dict[str, Truth]:
    return {
        "any": error_truth.any_errors(rows, spatial_iou, strict=strict),
        "class": error_truth.class_errors(rows),
        "spatial": error_truth.spatial_errors(rows, spatial_iou, strict=strict),
        "spatial_boundary": error_truth.spatial_errors(
            rows, boundary_iou, column="boundary_iou", strict=strict
        ),
    }


def _result(
    kind: str,
    detection: ScoredItems,
    counts: Mapping[str, int],
    broken: Mapping[str, Mapping[str, Measured]],
    bootstrap: int,
    seed: int,
) -> KindResult:
    drawn = replicates(detection, bootstrap, seed)
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
