"""Floors against closed forms and brute force, and the faults that they are there to show."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from sklearn import metrics

from benchmark_n.errors import InputError
from benchmark_n.evaluators.label_errors.bootstrap import group_weights
from benchmark_n.evaluators.label_errors.evaluate import evaluate_label_errors
from benchmark_n.evaluators.label_errors.floors import FLOORS, BlindScores
from benchmark_n.evaluators.label_errors.options import LabelErrorOptions
from benchmark_n.evaluators.label_errors.results import KindResult
from benchmark_n.evaluators.label_errors.truth import SpatialTruth
from benchmark_n.tables.scores import scores_table

RNG = np.random.default_rng(3)
COUNT = 400
AREA = RNG.permutation(np.arange(100, 100 + COUNT))
# As on brain MRI under hard noise: most of what is there changed, somewhat more of the small.
IOU = np.where(RNG.random(COUNT) < 0.7 - 0.4 * (AREA - 100) / COUNT, RNG.uniform(0.3, 0.85), 1.0)
CATEGORY = np.minimum(RNG.geometric(0.4, COUNT), 5)
IDS = np.arange(1, COUNT + 1)
IMAGES = IDS // 4
KINDS = ("class", "spatial", "any")
OPTIONS = LabelErrorOptions(by=(), bootstrap=200)


def manifest() -> Any:
    return pa.table(
        {
            "annotation_id": IDS,
            "image_id": IMAGES,
            "origin": ["source"] * COUNT,
            "crowd": [False] * COUNT,
            "deleted": [False] * COUNT,
            "category_id": CATEGORY,
            "noisy_category_id": CATEGORY,
            "size": ["small"] * COUNT,
            "iou": IOU,
            "boundary_iou": IOU,
            "noisy_area": AREA,
        }
    )


def spatial(
    scores: NDArray[np.float64], flagged: NDArray[np.bool_], blind: BlindScores | None = None
) -> KindResult:
    table = scores_table(
        {
            "image_id": IMAGES,
            "annotation_id": IDS,
            "kind": ["spatial"] * COUNT,
            "score": scores,
            "flagged": flagged,
        }
    )
    return evaluate_label_errors(table, manifest(), blind=blind, options=OPTIONS).kinds["spatial"]


def wrong() -> NDArray[np.bool_]:
    return IOU < 0.9


def test_flag_everything_beats_a_timid_list_and_is_shown() -> None:
    few = np.zeros(COUNT, bool)
    few[np.flatnonzero(wrong())[:10]] = True
    found = spatial(np.random.default_rng(0).random(COUNT), few)
    floor, share = found.floors["flag_everything"], wrong().mean()
    assert floor["prevalence"] == pytest.approx(share)
    assert floor["f1"] == pytest.approx(2 * share / (1 + share))
    assert floor["f1"] == pytest.approx(metrics.f1_score(wrong(), np.ones(COUNT)))
    assert (floor["flagged"], floor["recall"]) == (COUNT, 1)
    assert floor["chance_f1"] == pytest.approx(floor["f1"])
    assert float(floor["f1"] or 0) > float(found.measures["f1"] or 0)
    assert found.to_dict()["floors"]["flag_everything"]["f1"] == floor["f1"]


def test_a_detector_that_is_area_alone_is_at_the_floor() -> None:
    ranks = AREA.argsort()[::-1].argsort() / COUNT
    found = spatial(ranks, ranks > 0.5)
    assert float(found.measures["lifted_auprc"] or 0) > 0.1
    assert found.against_floor is not None
    assert found.against_floor.floor == "area"
    assert not found.against_floor.above
    assert found.against_floor.text == "≤ area"
    assert found.against_floor.difference == pytest.approx(0, abs=1e-12)


def test_a_lead_that_the_interval_does_not_confirm_is_at_the_floor() -> None:
    ranks = AREA.argsort()[::-1].argsort() / COUNT
    luck = np.clip(ranks + 0.02 * wrong() + np.random.default_rng(0).normal(0, 0.15, COUNT), 0, 1)
    found = spatial(luck, luck > 0.5)
    assert found.against_floor is not None
    low, high = found.against_floor.interval
    assert low < 0 < found.against_floor.difference < high
    assert found.against_floor.text == "≤ area"


def test_a_detector_that_knows_is_above_the_floor() -> None:
    scores = np.clip(wrong() * 0.6 + np.random.default_rng(1).random(COUNT) * 0.7, 0, 1)
    found = spatial(scores, scores > 0.6)
    assert found.against_floor is not None
    assert found.against_floor.text == "> area"
    low, high = found.against_floor.interval
    assert 0 < low < found.against_floor.difference < high


def test_the_interval_is_paired_over_whole_images() -> None:
    scores = np.clip(wrong() * 0.2 + np.random.default_rng(2).random(COUNT) * 0.8, 0, 1)
    found = spatial(scores, scores > 0.5)
    differences = []
    for weights in np.concatenate(list(group_weights(101, 200, 0, 200))):
        items = np.repeat(np.arange(COUNT), weights[IMAGES])
        share = wrong()[items].mean()
        areas = [metrics.average_precision_score(wrong()[items], s[items]) for s in (scores, -AREA)]
        differences.append((areas[0] - areas[1]) / (1 - share))
    assert found.against_floor is not None
    expected = np.quantile(differences, [0.025, 0.975])
    # Scikit-learn takes an item that is drawn twice as one step.
    assert found.against_floor.interval == pytest.approx(expected, abs=0.01)


def test_chance_has_its_closed_form() -> None:
    """Average precision of a random order of N is above pi by (1 - pi) (H_N - 1) / (N - 1)."""
    found = spatial(np.zeros(COUNT), np.zeros(COUNT, bool))
    expected = ((1 / np.arange(1, COUNT + 1)).sum() - 1) / (COUNT - 1)
    assert found.measures["lifted_auprc"] == pytest.approx(expected)
    assert found.floors["chance"]["lifted_auprc"] == found.measures["lifted_auprc"]
    assert found.measures["average_precision"] == pytest.approx(wrong().mean())


def test_chance_has_the_expected_f1_of_as_many_flags() -> None:
    flagged = np.zeros(COUNT, bool)
    flagged[:60] = True
    found = spatial(np.random.default_rng(4).random(COUNT), flagged)
    draws = np.random.default_rng(5)
    f1 = [metrics.f1_score(wrong(), draws.permutation(flagged)) for _ in range(4000)]
    assert found.measures["chance_f1"] == pytest.approx(np.mean(f1), abs=0.002)
    assert found.floors["chance"]["f1"] == pytest.approx(found.measures["chance_f1"])
    assert found.floors["chance"]["flagged"] == 60


def test_area_flags_the_smallest_and_category_the_rarest_ties_by_their_mean() -> None:
    flagged = np.zeros(COUNT, bool)
    flagged[:60] = True
    found = spatial(np.random.default_rng(6).random(COUNT), flagged)
    smallest = np.isin(IDS, IDS[AREA.argsort()[:60]])
    assert found.floors["area"]["f1"] == pytest.approx(metrics.f1_score(wrong(), smallest))
    counts = np.bincount(CATEGORY)[CATEGORY]
    draws = np.random.default_rng(7)
    f1 = []
    for _ in range(2000):
        order = np.lexsort((draws.random(COUNT), counts))
        f1.append(metrics.f1_score(wrong(), np.isin(IDS, IDS[order[:60]])))
    assert found.floors["category"]["f1"] == pytest.approx(np.mean(f1), abs=0.002)
    area = metrics.average_precision_score(wrong(), -AREA)
    assert found.floors["area"]["auprc"] == pytest.approx(area)


def test_floors_do_not_follow_the_truth() -> None:
    """Were the sign of area picked by the truth, large masks that are wrong would give it away."""
    table = manifest().set_column(8, "iou", pa.array(np.where(AREA > 300, 0.5, 1.0)))
    table = table.set_column(9, "boundary_iou", table["iou"])
    scores = scores_table(
        {
            "image_id": IMAGES,
            "annotation_id": IDS,
            "kind": ["spatial"] * COUNT,
            "score": np.zeros(COUNT),
            "flagged": np.zeros(COUNT, bool),
        }
    )
    found = evaluate_label_errors(scores, table, options=OPTIONS).kinds["spatial"]
    assert found.floors["area"]["auroc"] == 0
    assert found.against_floor is not None
    assert found.against_floor.floor != "area"


def test_blind_scores_are_joined_by_id_and_none_may_lack() -> None:
    scores = np.random.default_rng(8).random(COUNT)
    order = np.random.default_rng(9).permutation(COUNT)
    blind = BlindScores(
        IDS[order], dict.fromkeys(KINDS, wrong()[order].astype(np.float64)), ("elsewhere",)
    )
    found = spatial(scores, scores > 0.5, blind)
    assert list(found.floors) == list(FLOORS)
    assert found.floors["blind"]["auprc"] == 1
    assert found.against_floor is not None
    assert found.against_floor.text == "≤ blind"
    lacking = BlindScores(IDS[:-1], dict.fromkeys(KINDS, np.zeros(COUNT - 1)), ())
    with pytest.raises(InputError, match=f"blind floor: annotation {COUNT} has no score"):
        spatial(scores, scores > 0.5, lacking)


def test_where_all_is_wrong_nothing_is_compared() -> None:
    table = manifest().set_column(8, "iou", pa.array(np.full(COUNT, 0.5)))
    scores = scores_table(
        {
            "image_id": IMAGES,
            "annotation_id": IDS,
            "kind": ["spatial"] * COUNT,
            "score": AREA / 1000,
            "flagged": AREA > 200,
        }
    )
    options = LabelErrorOptions(SpatialTruth("mask-iou"), by=(), bootstrap=20)
    result = evaluate_label_errors(scores, table, options=options)
    found = result.kinds["spatial"]
    assert found.measures["lifted_auprc"] is None
    assert found.against_floor is None
    assert "only 0 of 400 masks count as right" in result.warnings[0]
