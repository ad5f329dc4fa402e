"""What each model takes an annotation for."""

from __future__ import annotations

import numpy as np

from benchmark_n.detectors import run_detector
from benchmark_n.detectors.common.opinions import opinions
from benchmark_n.detectors.posterior.detector import Posterior
from benchmark_n.evidence import DetectedBoxes, DetectionEvidence
from tests.detectors.samples import box_mask, evidence, instances


def _detections(name: str, support: list[list[float]], known: list[bool]) -> DetectionEvidence:
    none = np.zeros(0, np.int64)
    found = DetectedBoxes(none, none, np.zeros(0, np.float32), np.zeros((0, 4), np.float32))
    return DetectionEvidence(name, np.array(support, np.float32), np.array(known), found)


def test_each_model_has_its_likeliest_category_where_it_sees_anything() -> None:
    made = evidence(
        [0, 1, 2],
        detections=(
            _detections("one", [[0.2, 0.6, 0], [0, 0, 0.04], [0, 0.3, 0.9]], [True, True, False]),
        ),
        predictions=instances(
            [(2, 2, 0.8, box_mask(5, 5, 20, 20)), (3, 0, 0.9, box_mask(5, 5, 20, 18))]
        ),
        pred_probs=np.array([[0.1, 0.8, 0.1], [0.5, 0.3, 0.2], [0.2, 0.2, 0.6]], np.float32),
        model_probs=np.array([[[1, 0, 0]] * 3, [[0, 0, 1]] * 3], np.float32),
    )
    found = [{one["model"]: one["category"] for one in own} for own in opinions(made)]
    common = {"model 1": 10, "model 2": 30}
    assert found == [
        {"one": 20, "pred_probs": 20, **common},
        {"predictions": 30, "pred_probs": 10, **common},
        # What the detector cannot name counts for nothing.
        {"one": 20, "predictions": 10, "pred_probs": 30, **common},
    ]


def test_without_models_nobody_has_any() -> None:
    assert opinions(evidence([0, 1])) == [[], []]


def test_posterior_passes_them_on() -> None:
    support = np.tile(0.9 * np.eye(3), (10, 1)).tolist()
    made = evidence(
        [0, 1, 2] * 10,
        detections=(
            _detections("one", support, [True] * 3),
            _detections("two", support, [True] * 3),
        ),
    )
    table = run_detector(Posterior(), made)
    assert table["opinions"].to_pylist() == opinions(made)
    assert opinions(made)[1] == [
        {"model": "one", "category": 20},
        {"model": "two", "category": 20},
    ]
