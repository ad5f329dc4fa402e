"""Detectors that compare annotations with predicted or other annotators' instances."""

from __future__ import annotations

import json

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from benchmark_n.detectors import build_detector, run_detector
from benchmark_n.detectors.consensus.detector import Consensus
from benchmark_n.detectors.consensus.masks import agreed_mask
from benchmark_n.masks import CropMask
from tests.detectors.samples import box_mask, column, evidence, instances, rows_of

SUGGESTED = ("spatial", "suggested_segmentation")


def test_mask_disagreement_is_confidence_times_one_minus_iou() -> None:
    given, seen = box_mask(5, 5, 20, 20), box_mask(10, 5, 20, 20)
    iou = float(coco_mask.iou([given], [seen], [0])[0, 0])
    made = evidence([0], masks=(given,), predictions=instances([(1, 0, 0.8, seen)]))
    detector = build_detector("mask_disagreement", {"dilation_ratio": 0.9})
    # With so wide a band the boundary is the whole mask.
    table = run_detector(detector, made)
    assert column(table, "spatial", "score") == pytest.approx([0.8 * (1 - iou)])
    assert rows_of(table, "missing") == []


def test_mask_disagreement_takes_the_best_match_and_proposes_the_rest() -> None:
    given = box_mask(5, 5, 10, 10)
    found = [(1, 0, 0.9, given), (1, 1, 0.7, box_mask(25, 25, 8, 8)), (9, 2, 0.3, given)]
    made = evidence([0], masks=(given,), predictions=instances(found))
    table = run_detector(build_detector("mask_disagreement"), made)
    assert column(table, "spatial", "score").tolist() == [0]
    missing = rows_of(table, "missing")
    assert [(r["image_id"], r["suggested_category"]) for r in missing] == [(1, 20), (9, 30)]
    assert [r["flagged"] for r in missing] == [True, False]


def test_an_annotation_that_nothing_touches_is_uncertain() -> None:
    made = evidence([0, 0], predictions=instances([(1, 0, 0.9, box_mask(5, 5, 20, 20))]))
    table = run_detector(build_detector("mask_disagreement"), made)
    assert column(table, "spatial", "score").tolist() == [0, 0.5]


def test_objectlab_is_that_of_the_library() -> None:
    from cleanlab.object_detection.rank import compute_badloc_box_scores, compute_swap_box_scores

    rng = np.random.default_rng(0)
    masks, found = [], []
    for image in range(1, 21):
        x, y = rng.integers(0, 15, 2)
        masks.append(box_mask(int(x), int(y), 18, 18))
        moved = box_mask(int(x) + int(rng.integers(0, 6)), int(y), 18, 18)
        found.append((image, int(rng.integers(0, 3)), float(rng.uniform(0.6, 1)), moved))
    made = evidence([0] * 20, masks=tuple(masks), predictions=instances(found))
    table = run_detector(build_detector("objectlab", {"confidence": 0.95}), made)
    labels, predictions = [], []
    for mask, (_, label, score, moved) in zip(masks, found, strict=True):
        ours, theirs = coco_mask.toBbox(mask), coco_mask.toBbox(moved)
        corners = [*ours[:2], *(ours[:2] + ours[2:])]
        labels.append({"bboxes": np.array([corners]), "labels": np.array([0])})
        boxes = np.empty(3, object)
        for k in range(3):
            row = [*theirs[:2], *(theirs[:2] + theirs[2:]), score]
            boxes[k] = np.array([row] if k == label else np.zeros((0, 5)))
        predictions.append(boxes)
    both = {"labels": labels, "predictions": predictions}
    badloc = 1 - np.concatenate(compute_badloc_box_scores(**both))
    swap = 1 - np.concatenate(compute_swap_box_scores(**both))
    np.testing.assert_allclose(column(table, "spatial", "score"), badloc, atol=1e-12)
    np.testing.assert_allclose(column(table, "class", "score"), swap, atol=1e-12)


def test_objectlab_proposes_sure_predictions_that_touch_nothing() -> None:
    given = box_mask(0, 0, 10, 10)
    found = [
        (1, 1, 0.99, box_mask(25, 25, 10, 10)),
        (1, 0, 0.5, box_mask(25, 0, 10, 10)),
        (2, 0, 0.97, given),
    ]
    made = evidence([0], masks=(given,), predictions=instances(found))
    table = run_detector(build_detector("objectlab", {"confidence": 0.95}), made)
    missing = rows_of(table, "missing")
    assert sorted((r["image_id"], r["suggested_category"]) for r in missing) == [(1, 20), (2, 10)]


def test_mask_disagreement_suggests_no_other_object() -> None:
    given = box_mask(5, 5, 20, 20)
    # IoU with the given mask: .9 of another category, .6, .4 (two images) and nothing.
    rider, near, far = box_mask(5, 5, 20, 18), box_mask(5, 5, 20, 12), box_mask(5, 5, 20, 8)
    found = [
        (1, 1, 0.9, rider),
        (1, 0, 0.8, near),
        (2, 1, 0.9, rider),
        (3, 0, 0.9, far),
        (4, 0, 0.9, far),
        (4, 1, 0.9, rider),
    ]
    made = evidence([0] * 5, predictions=instances(found))
    assert coco_mask.iou([given], [near, far], [0, 0]).tolist() == [[0.6, 0.4]]
    table = run_detector(build_detector("mask_disagreement"), made)
    suggested = [text and json.loads(text) for text in column(table, *SUGGESTED)]
    assert suggested == [{"size": near["size"], "counts": near["counts"].decode()}, *[None] * 4]
    # The scores are still those of the prediction that fits best, of whatever category.
    assert column(table, "spatial", "score").argmin() == 0


def test_consensus_suggests_no_mask_of_another_object_or_category() -> None:
    small, big = box_mask(5, 5, 20, 6), box_mask(5, 5, 20, 20)
    # Agreed is the big mask (IoU .3); two further categories (IoU 1); one of them twice (IoU 1).
    drawn = [(1, 0, 1.0, big), (1, 0, 1.0, big), (2, 1, 1.0, big), (2, 2, 1.0, big)]
    drawn += [(3, 1, 1.0, big), (3, 1, 1.0, big)]
    made = evidence(
        [0, 0, 0],
        masks=(small, big, big),
        annotators=instances(drawn, annotators=[0, 1] * 3),
    )
    table = run_detector(Consensus(least_iou=0.2), made)
    assert column(table, "class", "suggested_category").tolist() == [None, None, 20]
    assert column(table, "spatial", "score") == pytest.approx([0.7, 0, 0])
    assert [text is None for text in column(table, *SUGGESTED)] == [True, True, False]


def test_consensus_votes_on_category_mask_and_presence() -> None:
    shared, moved = box_mask(5, 5, 20, 20), box_mask(8, 5, 20, 20)
    lone, extra = box_mask(30, 30, 6, 6), box_mask(30, 2, 8, 8)
    drawn = [(1, 1, 1.0, moved), (1, 1, 1.0, moved), (1, 2, 1.0, extra), (1, 2, 1.0, extra)]
    made = evidence(
        [0, 0],
        image_ids=np.array([1, 1]),
        masks=(shared, lone),
        annotators=instances(drawn, annotators=[0, 1, 0, 1]),
    )
    detector = Consensus()
    table = run_detector(detector, made)
    assert column(table, "class", "score").tolist() == [1, 0]
    assert column(table, "class", "suggested_category").tolist() == [20, None]
    iou = float(coco_mask.iou([shared], [moved], [0])[0, 0])
    assert column(table, "spatial", "score") == pytest.approx([1 - iou, 1])
    (proposed,) = rows_of(table, "missing")
    assert (proposed["score"], proposed["suggested_category"]) == (1, 30)
    first = detector.details_["agreement"][0]
    assert (first["instances"], first["same_category"]) == (2, 0)
    assert first["mean_iou"] == pytest.approx(iou)


def test_consensus_with_probabilities_is_crowdlab() -> None:
    from cleanlab.multiannotator import get_label_quality_multiannotator

    rng = np.random.default_rng(0)
    true = rng.integers(0, 3, 60)
    columns = [np.where(rng.random(60) < 0.25, (true + 1) % 3, true) for _ in range(3)]
    probs = np.full((60, 3), 0.1)
    probs[np.arange(60), true] = 0.8
    mask = box_mask(5, 5, 20, 20)
    drawn = [(i + 1, int(label[i]), 1.0, mask) for label in columns[1:] for i in range(60)]
    made = evidence(
        columns[0],
        pred_probs=probs,
        annotators=instances(drawn, annotators=[0] * 60 + [1] * 60),
    )
    table = run_detector(build_detector("consensus"), made)
    expected = get_label_quality_multiannotator(np.column_stack(columns), probs, verbose=False)
    quality = expected["detailed_label_quality"].iloc[:, 0].to_numpy(float)
    np.testing.assert_allclose(column(table, "class", "score"), 1 - quality, atol=1e-9)


def test_majority_mask_is_the_votes_of_the_pixels() -> None:
    rng = np.random.default_rng(0)
    layers = [(rng.random((30, 25)) < 0.6).astype(np.uint8) for _ in range(3)]
    masks = [CropMask.from_full(layer) for layer in layers]
    votes = np.sum(layers, axis=0)
    assert (agreed_mask(masks, "majority").full() == (votes >= 2)).all()


def test_staple_is_that_of_simpleitk() -> None:
    sitk = pytest.importorskip("SimpleITK", reason="STAPLE needs the extra medical")
    rng = np.random.default_rng(0)
    truth = np.zeros((30, 30), np.uint8)
    truth[8:22, 8:22] = 1
    layers = [np.where(rng.random(truth.shape) < 0.1, 1 - truth, truth) for _ in range(4)]
    mask = agreed_mask([CropMask.from_full(layer) for layer in layers], "staple")
    images = [sitk.GetImageFromArray(np.pad(layer, 1)) for layer in layers]
    expected = sitk.GetArrayFromImage(sitk.STAPLE(images, 1.0))[1:-1, 1:-1] > 0.5
    assert (mask.full() == expected).all()
