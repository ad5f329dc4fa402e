"""Label-error detection: a scores table against the manifest.

The kinds of error are ``class`` (another category), ``spatial`` (a wrong mask, by the rule of
`SpatialTruth`), ``spurious`` (an annotation too many), ``any`` (one of these) and, apart from
them, ``missing`` (deleted instances, found by proposals). Beside each but the last stand its
floors.

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
from benchmark_n.evaluators.label_errors.floors import BlindScores, floor_scores
from benchmark_n.evaluators.label_errors.graded import graded_measures
from benchmark_n.evaluators.label_errors.kinds import (
    breakdown,
    flags_by_frequency,
    kind_result,
    on_verified,
)
from benchmark_n.evaluators.label_errors.measures import ScoredItems
from benchmark_n.evaluators.label_errors.options import LabelErrorOptions
from benchmark_n.evaluators.label_errors.other_truths import truth_warnings, under_other_truths
from benchmark_n.evaluators.label_errors.results import KindResult, LabelErrorResult
from benchmark_n.evaluators.label_errors.slices import slice_items
from benchmark_n.masks import Rle
from benchmark_n.tables.scores import check_scores


def evaluate_label_errors(
    scores: Any,
    manifest: Any,
    *,
    categories: Mapping[int, Category] | None = None,
    deleted_masks: Mapping[int, Mapping[int, Rle]] | None = None,
    blind: BlindScores | None = None,
    options: LabelErrorOptions = LabelErrorOptions(),
) -> LabelErrorResult:
    """Score a detector's table against the truth, beside what needs no detector.

    Parameters
    ----------
    scores
        A scores table. An annotation without a row of a kind that the table has otherwise counts
        with score 0 and no flag, and as ``unscored``.
    manifest
        A manifest table, with any columns that the options name. Only annotations that the noisy
        file has, and no crowds, are counted.
    categories, blind
        For names, without which ``category`` shows ids; and scores of the blind floor, to show it.
    deleted_masks
        Image id to annotation id to clean mask of deleted instances, for kind ``missing``.

    Raises
    ------
    InputError
        Other tables, or scores of other annotations.

    Examples
    --------
    >>> from benchmark_n import SourceOptions, detect, make
    >>> benchmark = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard")
    >>> (found,) = detect(benchmark.noisy(), None, "random")
    >>> evaluate_label_errors(found.scores, benchmark.manifest()).kinds["class"].measures["errors"]
    12
    """
    check_scores(scores)
    rows = error_truth.surviving(manifest)
    not_counted = alignment.check_same(scores, manifest, rows)
    groups = alignment.group_codes(manifest, rows, options.group_column)
    parts = alignment.parts_by(rows, options.by, categories)
    kinds = _annotation_kinds(scores, rows, parts, groups, blind, categories, options)
    if deleted_masks is not None:
        kinds |= _missing(scores, manifest, categories, deleted_masks, options)
    counted = {"groups": groups[1], "crowd_scores_not_counted": not_counted}
    settings = {**_settings(options, rows, blind), **counted}
    sweep, truths = under_other_truths(scores, rows, options.truth)
    lines = truth_warnings(rows, options.truth) if "spatial" in kinds else ()
    return LabelErrorResult(kinds, sweep, settings, truths, lines)


def _settings(options: LabelErrorOptions, rows: Any, blind: BlindScores | None) -> dict[str, Any]:
    return {
        "truth": options.truth.to_dict(rows),
        "verified": int(error_truth.verified(rows).sum()),
        "blind_floor_fitted_on": list(blind.fitted_on) if blind else None,
        "group_by": options.group_column,
        "bootstrap": options.bootstrap,
        "seed": options.seed,
    }


def _annotation_kinds(
    scores: Any,
    rows: Any,
    parts: Mapping[str, Mapping[str, NDArray[np.bool_]]],
    groups: tuple[NDArray[np.int64], int],
    blind: BlindScores | None,
    categories: Mapping[int, Category] | None,
    options: LabelErrorOptions,
) -> dict[str, KindResult]:
    """The kinds of error that annotations of the noisy file have."""
    noises = alignment.noise_flags(rows) if "noise" in options.by else {}
    sliced_by = alignment.parts_by(rows, options.slices, categories)
    truths = {
        "any": error_truth.any_errors(rows, options.truth),
        "class": error_truth.class_errors(rows),
        "spatial": error_truth.spatial_errors(rows, options.truth),
        "spurious": error_truth.spurious_errors(rows),
    }
    kinds = {}
    for kind, truth in truths.items():
        given = alignment.kind_column(scores, kind, _ids(rows))
        if given is None:
            continue
        every = ScoredItems(given.scores, truth.wrong, given.flagged, *groups)
        counted = ~truth.ignored
        floors = {k: v[counted] for k, v in floor_scores(rows, kind, blind).items()}
        graded = _graded(given.scores, rows) if kind == "spatial" else None
        counts = {"ignored": int(truth.ignored.sum()), "unscored": given.unscored}
        broken = breakdown(every, truth, parts, noises)
        result = kind_result(kind, every.part(counted), counts, broken, options, floors, graded)
        kinds[kind] = replace(
            result,
            slices=slice_items(every, counted, sliced_by, options.bootstrap, options.seed),
            verified=on_verified(kind, every, truth, rows, floors, options),
            by_frequency=flags_by_frequency(every, truth, rows) if kind == "class" else (),
        )
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
    return {"missing": kind_result("missing", detection, {}, broken, options, {}, None)}


def _ids(rows: Any) -> NDArray[np.int64]:
    return np.asarray(rows["annotation_id"].to_numpy(), np.int64)


def _graded(scores: NDArray[np.float64], rows: Any) -> dict[str, Any]:
    given = pc.coalesce(rows["noisy_category_id"], rows["category_id"])
    return graded_measures(scores, error_truth.float_values(rows["iou"]), given.to_numpy())
