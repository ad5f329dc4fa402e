"""Label-error results against scikit-learn on truths written out here by hand."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pycocotools import mask as coco_mask
from sklearn import metrics

from benchmark_n.coco import Category
from benchmark_n.errors import InputError, UsageError
from benchmark_n.evaluators.label_errors.evaluate import evaluate_label_errors
from benchmark_n.evaluators.label_errors.options import LabelErrorOptions
from benchmark_n.evaluators.label_errors.results import paired_difference
from benchmark_n.evaluators.label_errors.truth import SpatialTruth
from benchmark_n.tables.scores import scores_table

# id, image, category, noisy category, deleted, crowd, iou, boundary IoU
ROWS: list[tuple[Any, ...]] = [
    (1, 1, 1, 1, False, False, 1.0, 1.0),
    (2, 1, 1, 2, False, False, 1.0, 1.0),
    (3, 1, 2, 2, False, False, 0.95, 0.7),
    (4, 2, 2, 2, False, False, 0.7, 0.5),
    (5, 2, 2, 1, False, False, 0.95, 0.9),
    (6, 2, 1, None, True, False, None, None),
    (7, 3, 1, 1, False, True, None, None),
    (8, 3, 1, 1, False, False, 1.0, 1.0),
    (9, 3, 2, None, True, False, None, None),
]


def manifest() -> Any:
    names = [
        "annotation_id",
        "image_id",
        "category_id",
        "noisy_category_id",
        "deleted",
        "crowd",
        "iou",
        "boundary_iou",
    ]
    columns = dict(zip(names, map(list, zip(*ROWS, strict=True)), strict=True))
    count = len(ROWS)
    columns["origin"] = ["source"] * count
    columns["noisy_area"] = [10 * i for i in columns["annotation_id"]]
    columns["size"] = ["small"] * 4 + ["large"] * (count - 4)
    columns["class_confusion_applied"] = [i in (2, 5) for i in columns["annotation_id"]]
    return pa.table(columns)


def table(kind: str, scores: dict[int, float], threshold: float = 0.5) -> Any:
    images = {row[0]: row[1] for row in ROWS}
    return scores_table(
        {
            "image_id": [images.get(i, 1) for i in scores],
            "annotation_id": list(scores),
            "kind": [kind] * len(scores),
            "score": list(scores.values()),
            "flagged": [s > threshold for s in scores.values()],
        }
    )


CLASS = {1: 0.6, 2: 0.9, 3: 0.1, 4: 0.2, 5: 0.4, 8: 0.3}
SPATIAL = {1: 0.2, 2: 0.1, 3: 0.5, 4: 0.9, 5: 0.3, 8: 0.7}


def test_class_errors_are_changed_categories() -> None:
    measures = evaluate_label_errors(table("class", CLASS), manifest()).kinds["class"].measures
    wrong = [False, True, False, False, True, False]
    scores = list(CLASS.values())
    assert measures["errors"] == 2
    assert measures["auroc"] == pytest.approx(metrics.roc_auc_score(wrong, scores))
    assert measures["auprc"] == pytest.approx(metrics.average_precision_score(wrong, scores))
    assert measures["f1"] == pytest.approx(metrics.f1_score(wrong, np.array(scores) > 0.5))
    assert measures["f1_at_budget"] == 0.5


@pytest.mark.parametrize(
    ("truth", "counts"),
    [
        (SpatialTruth("mask-iou", 0.9, leave_out=True), (4, 1, 2)),
        (SpatialTruth("mask-iou", 0.9), (6, 1, 0)),
        (SpatialTruth("boundary-iou", 0.8, leave_out=True), (5, 2, 1)),
        (SpatialTruth("boundary-iou", 0.8), (6, 2, 0)),
        (SpatialTruth("changed"), (6, 3, 0)),
        (SpatialTruth(), (6, 2, 0)),
        (SpatialTruth("mask-iou", {"small": 0.65, "medium": 0.78, "large": 0.96}), (6, 1, 0)),
    ],
)
def test_masks_are_wrong_by_the_rule_asked_for(
    truth: SpatialTruth, counts: tuple[int, int, int]
) -> None:
    scores, rows = table("spatial", SPATIAL), manifest()
    result = evaluate_label_errors(scores, rows, options=LabelErrorOptions(truth))
    measures = result.kinds["spatial"].measures
    assert (measures["instances"], measures["errors"], measures["ignored"]) == counts
    stated = result.settings["truth"]
    assert (stated["name"], stated["bar"], stated["version"]) == (truth.name, truth.resolved(), 1)
    assert result.truth.resolved() == truth.resolved()


def test_sweep_counts_masks_below_each_threshold() -> None:
    sweep = evaluate_label_errors(table("spatial", SPATIAL), manifest()).sweep
    errors = {row["threshold"]: row["errors"] for row in sweep}
    assert [errors[step] for step in (0.65, 0.7, 0.75, 0.95)] == [0, 0, 1, 1]


def test_any_is_the_maximum_and_takes_both_kinds() -> None:
    both = pa.concat_tables([table("class", CLASS), table("spatial", SPATIAL)])
    options = LabelErrorOptions(SpatialTruth("mask-iou", leave_out=True))
    measures = evaluate_label_errors(both, manifest(), options=options).kinds["any"].measures
    kept = [1, 2, 4, 5, 8]
    wrong = [False, True, True, True, False]
    scores = [max(CLASS[i], SPATIAL[i]) for i in kept]
    assert (measures["errors"], measures["ignored"]) == (3, 1)
    assert measures["auroc"] == pytest.approx(metrics.roc_auc_score(wrong, scores))


def test_breakdown_by_noise_category_and_field() -> None:
    categories = {1: Category(1, "cat", "animal"), 2: Category(2, "car", "vehicle")}
    result = evaluate_label_errors(
        table("class", CLASS),
        manifest(),
        categories=categories,
        options=LabelErrorOptions(by=("noise", "category", "supercategory", "size")),
    )
    by = result.kinds["class"].by
    assert by["noise"]["class_confusion"]["errors"] == 2
    assert by["category"]["cat"]["instances"] == 3
    assert by["category"]["cat"]["errors"] == 1
    assert by["supercategory"]["vehicle"]["errors"] == 1
    assert by["size"]["small"]["instances"] == 4
    assert result.to_dict()["kinds"]["class"]["by"]["size"]["large"]["errors"] == 1


def test_unscored_annotations_count_as_least_suspect() -> None:
    result = evaluate_label_errors(table("class", {2: 0.9}), manifest()).kinds["class"].measures
    assert result["unscored"] == 5
    assert result["auroc"] == pytest.approx(0.75)


def test_proposals_find_deleted_instances_at_half_iou() -> None:
    def square(x: int, side: int = 10) -> Any:
        canvas = np.zeros((40, 40), np.uint8, order="F")
        canvas[5 : 5 + side, x : x + side] = 1
        return coco_mask.encode(canvas)

    def text(rle: Any) -> str:
        return json.dumps({"size": [40, 40], "counts": rle["counts"].decode()})

    scores = scores_table(
        {
            "image_id": [2, 2, 3, 5],
            "kind": ["missing"] * 4,
            "score": [0.9, 0.8, 0.7, 0.1],
            "flagged": [True, True, False, False],
            "suggested_segmentation": [text(square(x)) for x in (2, 2, 9, 0)],
        }
    )
    deleted = {2: {6: square(4)}, 3: {9: square(0)}}
    result = evaluate_label_errors(scores, manifest(), deleted_masks=deleted)
    measures = result.kinds["missing"].measures
    # IoU 8/12 finds annotation 6 once; the second proposal is its duplicate; 9 is not found.
    assert (measures["errors"], measures["precision"], measures["recall"]) == (2, 0.5, 0.5)
    assert measures["auprc"] == pytest.approx(0.5)
    assert measures["auroc"] is None


def test_a_detector_against_itself_differs_by_nothing() -> None:
    a = evaluate_label_errors(table("class", CLASS), manifest())
    b = evaluate_label_errors(table("class", {i: 1 - s for i, s in CLASS.items()}), manifest())
    assert paired_difference(a, a, "class", "auroc") == (0.0, (0.0, 0.0))
    value, _ = paired_difference(a, b, "class", "auroc")
    assert value == pytest.approx(2 * a.kinds["class"].measures["auroc"] - 1)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("scores", "line"),
    [
        ({6: 0.5}, "annotation 6 is deleted from the noisy file"),
        ({77: 0.5}, "annotation 77 is not in the manifest"),
    ],
)
def test_scores_of_other_annotations_are_refused(scores: dict[int, float], line: str) -> None:
    with pytest.raises(InputError, match=line):
        evaluate_label_errors(table("class", scores), manifest())


def test_unknown_field_is_refused_with_a_suggestion() -> None:
    with pytest.raises(InputError, match="did you mean 'size'"):
        evaluate_label_errors(
            table("class", CLASS), manifest(), options=LabelErrorOptions(by=("siz",))
        )


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"bootstrap": 0}, "bootstrap must be 1 or more, but got 0"),
        ({"by": "noise"}, "by must be a tuple of names, but got 'noise'"),
    ],
)
def test_options_that_cannot_be_are_one_line(given: dict[str, Any], line: str) -> None:
    with pytest.raises(UsageError, match=line):
        LabelErrorOptions(**given)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (("mask-iou", 0), "bar must be above 0, at most 1, but got 0"),
        (("boundary-iou", 1.5), "bar must be above 0, at most 1, but got 1.5"),
        (("boundary-iou", float("nan")), "bar must be above 0, at most 1, but got nan"),
        (("pair-quantile", 1.0), "bar must be above 0, below 1, but got 1.0"),
        (("pair-quantile", {"small": 0.5}), "is for small: expected one number"),
        (("mask-iou", {"small": 0.5}), "is for small: expected one number or small, medium, large"),
        (("changed", 0.5), "truth changed has no `bar`"),
        (("changed", None, True), "truth changed leaves nothing out"),
        (("shape",), "truth must be one of changed, mask-iou, boundary-iou, pair-quantile"),
    ],
)
def test_rules_that_cannot_be_are_one_line(given: tuple[Any, ...], line: str) -> None:
    with pytest.raises(UsageError, match=line):
        SpatialTruth(*given)
