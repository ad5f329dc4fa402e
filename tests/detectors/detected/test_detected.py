"""Detectors that read detections, on scenes whose errors are known."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from pycocotools import mask as coco_mask

from benchmark_n.detectors.base import build_detector, run_detector
from benchmark_n.detectors.common.matching import box_overlaps
from benchmark_n.detectors.detected.fusion import LEAST_SCORE, MOST_OVERLAP, fuse
from benchmark_n.detectors.detected.support import judged_places, moved_a_little, moved_anywhere
from benchmark_n.evidence import DetectedBoxes, DetectionEvidence
from tests.detectors.detected.scenes import CATEGORIES, SIDE, Scene, scene
from tests.detectors.samples import box_mask


@pytest.fixture(scope="module")
def drawn() -> Scene:
    return scene()


def _scores(name: str, drawn: Scene) -> Any:
    return run_detector(build_detector(name), drawn.evidence).to_pandas()


@pytest.mark.parametrize(
    ("name", "kind", "error"),
    [
        ("unsupported", "spurious", "invented"),
        ("misplaced", "spatial", "shifted"),
    ],
)
def test_planted_errors_lead_the_list(name: str, kind: str, error: str, drawn: Scene) -> None:
    rows = _scores(name, drawn)
    assert set(rows.kind) == {kind}
    assert rows.annotation_id.tolist() == drawn.evidence.annotation_ids.tolist()
    wrong = getattr(drawn, error)
    # Nothing supports an invented annotation, so its place is open; one beside its object has
    # little support.
    others = drawn.shifted if error == "invented" else drawn.invented
    score = np.where(others, -1, rows.score.to_numpy())
    first = np.argsort(-score, kind="stable")[: wrong.sum()]
    assert wrong[first].mean() >= 0.8
    assert score[~wrong & ~others].sum() < 0.3 * wrong.sum() + 2


def test_removed_objects_are_proposed_with_category_and_region(drawn: Scene) -> None:
    rows = _scores("unannotated", drawn).sort_values("score", ascending=False, kind="stable")
    head = rows.head(len(drawn.removed))
    found = 0
    for row in head.itertuples():
        box = coco_mask.toBbox(json.loads(row.suggested_segmentation))
        near = [b for image, b in drawn.removed if image == row.image_id]
        ious = coco_mask.iou(box[None], np.array(near).reshape(-1, 4), [0] * len(near))
        found += bool(len(near) and ious.max() >= 0.5)
    assert found >= 0.8 * len(drawn.removed)
    assert rows.annotation_id.isna().all()
    assert set(rows.suggested_category) <= set(drawn.evidence.category_ids.tolist())


def test_nothing_is_missing_where_a_crowd_lies(drawn: Scene) -> None:
    image, _ = drawn.removed[0]
    with_crowd = replace(drawn.evidence, crowds=((image, box_mask(0, 0, SIDE, SIDE, size=SIDE)),))
    plain = run_detector(build_detector("unannotated"), drawn.evidence).to_pandas()
    rows = run_detector(build_detector("unannotated"), with_crowd).to_pandas()
    assert image in set(plain.image_id)
    assert image not in set(rows.image_id)


def test_nothing_is_missing_of_categories_that_were_not_looked_for(drawn: Scene) -> None:
    plain = run_detector(build_detector("unannotated"), drawn.evidence).to_pandas()
    image = int(plain.image_id.iloc[0])
    others = frozenset(range(len(drawn.evidence.category_ids)))
    exhaustive = dict.fromkeys(drawn.evidence.image_sizes, others) | {image: frozenset({0})}
    federated = replace(drawn.evidence, exhaustive=exhaustive)
    rows = run_detector(build_detector("unannotated"), federated).to_pandas()
    looked_for = set(drawn.evidence.category_ids[:1].tolist())
    assert set(plain.suggested_category[plain.image_id == image]) - looked_for
    assert set(rows.suggested_category[rows.image_id == image]) <= looked_for
    assert set(rows.image_id) - {image} == set(plain.image_id) - {image}


def test_of_categories_that_no_detector_knows_nothing_is_said() -> None:
    made = scene(known=2)
    unknown = made.evidence.labels >= 2
    assert unknown.sum() > 100
    assert judged_places(made.evidence).tolist() == np.flatnonzero(~unknown).tolist()
    for name in ("unsupported", "misplaced"):
        assert not _scores(name, made).score[unknown].any()


def test_scores_depend_on_nothing_but_the_evidence(drawn: Scene) -> None:
    for name in ("unannotated", "unsupported", "misplaced"):
        assert _scores(name, drawn).equals(_scores(name, drawn))


def test_places_of_one_detector_are_those_of_torchvision() -> None:
    ops = pytest.importorskip("torchvision.ops")
    rng = np.random.default_rng(1)
    corner, sides = rng.uniform(0, 60, (80, 2)), rng.uniform(20, 40, (80, 2))
    boxes = np.concatenate([corner, sides], 1).astype(np.float32)
    scores = rng.uniform(0, 1, 80).astype(np.float32)
    found = DetectedBoxes(np.ones(80, np.int64), rng.integers(0, 3, 80), scores, boxes)
    none = np.zeros((0, CATEGORIES), np.float32)
    places = fuse([DetectionEvidence("d", none, np.ones(CATEGORIES, bool), found)])
    sure = scores >= LEAST_SCORE
    corners = torch.tensor(np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], 1)[sure])
    kept = ops.nms(corners, torch.tensor(scores[sure]), MOST_OVERLAP).numpy()
    assert places.scores[:, 0].tolist() == scores[sure][kept].astype(float).tolist()
    np.testing.assert_allclose(places.boxes, boxes[sure][kept])


def test_a_place_keeps_what_each_detector_says_there() -> None:
    one = np.array([1], np.int64)
    box = np.array([[10, 10, 20, 20]], np.float32)
    none, all_known = np.zeros((0, 2), np.float32), np.ones(2, bool)
    scores = np.array([0.4, 0.9], np.float32)
    first = DetectedBoxes(one, one * 0, scores[:1], box)
    second = DetectedBoxes(one, one, scores[1:], box + 1)
    said = [
        DetectionEvidence("a", none, all_known, first),
        DetectionEvidence("b", none, all_known, second),
    ]
    places = fuse(said)
    assert places.labels.tolist() == [1]
    np.testing.assert_allclose(places.scores, [[0.4, 0.9]], rtol=1e-6)
    np.testing.assert_allclose(places.same, [[0.0, 0.9]], rtol=1e-6)
    np.testing.assert_allclose(places.rival, [0.4], rtol=1e-6)


def test_overlaps_are_shares_of_areas() -> None:
    first, second = np.array([[0.0, 0, 2, 2]]), np.array([[1.0, 0, 2, 2], [0, 0, 4, 4]])
    np.testing.assert_allclose(box_overlaps(first, second), [[1 / 3, 1 / 4]])
    np.testing.assert_allclose(box_overlaps(first, second, inside=True), [[0.5, 1.0]])
    assert box_overlaps(first, second[:0]).shape == (1, 0)


def test_planted_boxes_stay_in_their_images_and_are_errors(drawn: Scene) -> None:
    places = judged_places(drawn.evidence)
    given = drawn.evidence.boxes.astype(float)
    anywhere = moved_anywhere(drawn.evidence, places, 3)
    beside = moved_a_little(drawn.evidence, places)
    for planted in (anywhere, beside):
        assert (planted.boxes[:, :2] >= 0).all()
        assert (planted.boxes[:, :2] + planted.boxes[:, 2:] <= SIDE).all()
    np.testing.assert_array_equal(anywhere.boxes[:, 2:], np.tile(given[:, 2:], (3, 1)))
    ious = [
        box_overlaps(new[None], old[None])[0, 0]
        for new, old in zip(beside.boxes, np.tile(given, (2, 1)), strict=True)
    ]
    assert min(ious) > 0.2
    assert max(ious) < 0.9
