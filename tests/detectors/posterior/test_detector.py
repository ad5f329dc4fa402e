"""Detector `posterior` on evidence of each kind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from benchmark_n.detectors import build_detector, run_detector
from benchmark_n.detectors.posterior.detector import Posterior
from benchmark_n.errors import InputError, UsageError
from benchmark_n.evidence import DetectedBoxes, DetectionEvidence, Evidence
from tests.detectors.samples import box_mask, column, evidence, instances, noisy_problem

GROUPS = ("x", "x", "x", "y", "y", "y")
COUNT = len(GROUPS)


def photographs(
    count: int = 500, rate: float = 0.2, seed: int = 0
) -> tuple[Evidence, np.ndarray, np.ndarray]:
    """Features in clouds of the true categories, folds, labels and which are wrong."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, COUNT, count)
    features = rng.normal(0, 1, (count, 12)) * 0.5 + 1.5 * np.eye(COUNT, 12)[true]
    wrong = rng.random(count) < rate
    labels = np.where(wrong, (true + rng.integers(1, COUNT, count)) % COUNT, true)
    made = evidence(
        labels,
        num_categories=COUNT,
        features=features.astype(np.float16),
        folds=np.arange(count) % 5,
        supercategories=GROUPS,
    )
    return made, wrong, true


def detections(made: Evidence, true: np.ndarray, known: np.ndarray) -> DetectionEvidence:
    rng = np.random.default_rng(1)
    support = rng.uniform(0, 0.05, (len(made), COUNT)).astype(np.float32)
    support[np.arange(len(made)), true] = rng.uniform(0.5, 0.9, len(made))
    support[:, ~known] = 0
    none = np.zeros(0, np.int64)
    found = DetectedBoxes(none, none, np.zeros(0, np.float32), np.zeros((0, 4), np.float32))
    return DetectionEvidence("oracle", support, known, found)


def test_features_alone() -> None:
    made, wrong, true = photographs()
    detector = Posterior()
    table = run_detector(detector, made)
    scores, flagged = column(table, "class", "score"), column(table, "class", "flagged")
    assert average_precision_score(wrong, scores) > 0.9
    low, high = detector.details_["interval_95"]
    assert low <= wrong.sum() <= high
    assert flagged.sum() == round(detector.details_["expected_errors"])
    assert scores[flagged].min() >= scores[~flagged].max()
    suggested = column(table, "class", "suggested_category")
    right = suggested[wrong & flagged] == made.category_ids[true][wrong & flagged]
    assert right.mean() > 0.9


def test_little_is_flagged_where_nothing_is_wrong() -> None:
    made, wrong, true = photographs(rate=0.0)
    told = replace(made, detections=(detections(made, true, np.ones(COUNT, bool)),))
    for given in (made, told, replace(told, features=None)):
        assert not wrong.any()
        assert column(run_detector(Posterior(), given), "class", "flagged").mean() <= 0.02


def test_a_detector_of_some_categories_helps_and_does_no_harm_elsewhere() -> None:
    made, wrong, true = photographs(seed=2)
    weak = replace(made, features=made.features[:, ::-1][:, :9])  # type: ignore[index]
    known = np.arange(COUNT) < 3
    areas = [
        average_precision_score(wrong, column(run_detector(Posterior(), one), "class", "score"))
        for one in (weak, replace(weak, detections=(detections(made, true, known),)))
    ]
    assert areas[1] > areas[0]


def test_detectors_alone_need_no_folds() -> None:
    made, wrong, true = photographs()
    said = detections(made, true, np.ones(COUNT, bool))
    table = run_detector(Posterior(), replace(made, features=None, folds=None, detections=(said,)))
    assert average_precision_score(wrong, column(table, "class", "score")) > 0.98


def test_given_probabilities() -> None:
    made, wrong = noisy_problem()
    table = run_detector(Posterior(), made)
    assert average_precision_score(wrong, column(table, "class", "score")) > 0.9


def test_predictions_of_the_annotations() -> None:
    labels = np.arange(60) % 3
    masks = tuple(box_mask(2 + i % 7, 3, 15, 12) for i in range(60))
    said = labels.copy()
    said[[4, 17]] = (said[[4, 17]] + 1) % 3
    found = instances([(i + 1, int(said[i]), 0.9, masks[i]) for i in range(60)])
    made = evidence(labels, masks=masks, predictions=found)
    scores = column(run_detector(Posterior(), made), "class", "score")
    assert set(np.argsort(-scores)[:2].tolist()) == {4, 17}


def test_the_order_of_annotations_does_not_matter() -> None:
    made, _, _ = photographs(200)
    order = np.random.default_rng(0).permutation(200)
    assert made.features is not None
    assert made.folds is not None
    turned = replace(
        made,
        **{
            name: getattr(made, name)[order]
            for name in ("annotation_ids", "image_ids", "labels", "boxes", "features", "folds")
        },
    )
    scores = [column(run_detector(Posterior(), one), "class", "score") for one in (made, turned)]
    np.testing.assert_allclose(scores[0][order], scores[1], atol=0.01)


def test_evidence_that_is_not_there_is_named() -> None:
    made, _, _ = photographs(50)
    with pytest.raises(InputError, match=r"'posterior' needs features .* or detections .* or pred"):
        run_detector(Posterior(), replace(made, features=None))
    with pytest.raises(InputError, match="features without folds"):
        run_detector(Posterior(), replace(made, folds=None))
    with pytest.raises((InputError, UsageError), match="rounds"):
        build_detector("posterior", {"rounds": 0})


def test_a_single_category_cannot_be_wrong() -> None:
    made = evidence([0, 0], num_categories=1, pred_probs=np.ones((2, 1), np.float32))
    assert column(run_detector(Posterior(), made), "class", "score").tolist() == [0, 0]
