"""The self-fit: each number in closed form or by brute force, then all on drawn photographs."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from pycocotools import mask as coco_mask
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import roc_auc_score

import benchmark_n
from benchmark_n import EvidenceOptions, Execution
from benchmark_n.cli import run
from benchmark_n.detectors import build_detector
from benchmark_n.detectors.quality_sentinel.self_fit import (
    contrasts,
    detected,
    grabcut,
    outlines,
    shapes,
    spoiling,
)
from benchmark_n.detectors.quality_sentinel.self_fit.maker import another
from benchmark_n.detectors.quality_sentinel.self_fit.regressor import TREES, predict_overlaps
from benchmark_n.errors import InputError, UsageError
from benchmark_n.evidence import DetectedBoxes, DetectionEvidence
from benchmark_n.masks import CropMask
from benchmark_n.runtime.random_streams import Stream
from tests.detectors.quality_sentinel import photographs
from tests.detectors.quality_sentinel.samples import disk
from tests.detectors.samples import evidence


def picture(mask: CropMask) -> np.ndarray:
    """A bright object on a dark ground."""
    pixels = np.full((mask.height, mask.width, 3), 60, np.uint8)
    pixels[mask.full() > 0] = (200, 150, 90)
    return pixels


def test_normals_lead_out_of_the_mask() -> None:
    canvas = disk(60, 60, 40, 120).full()
    canvas[disk(60, 60, 15, 120).full() > 0] = 0  # a hole
    points, normals = outlines.outline_points(CropMask.from_full(canvas))
    found = outlines.along_normals(canvas, points, normals)
    assert len(points) == outlines.POINTS
    assert np.hypot(*normals.T) == pytest.approx(1, abs=1e-5)
    assert found[:, outlines.OFFSETS == -3].mean() > 0.95
    assert found[:, outlines.OFFSETS == 3].mean() < 0.05


def test_the_shape_of_a_rectangle() -> None:
    canvas = np.zeros((100, 200), np.uint8)
    canvas[20:50, 40:140] = 1
    found = dict(zip(shapes.NAMES, shapes.shape_features(CropMask.from_full(canvas)), strict=True))
    assert found["log_area"] == pytest.approx(np.log(3000))
    assert found["area_share"] == pytest.approx(0.15)
    assert (found["fill"], found["parts"], found["at_border"]) == (1, 1, 0)
    assert found["aspect"] == pytest.approx(np.log(100 / 30))
    sides = [found[name] for name in ("left", "top", "right", "bottom")]
    assert sides == pytest.approx([0.2, 0.2, 0.3, 0.5])


@pytest.mark.parametrize(("grown", "away"), [(0, 0.5), (4, -3.5), (-4, 4.5)])
def test_the_strongest_edge_is_where_the_object_ends(grown: int, away: float) -> None:
    truth = disk(60, 60, 30, 120)
    given = disk(60, 60, 30 + grown, 120)
    nobody = np.zeros((120, 120), np.uint16)
    maps = contrasts.edge_maps(picture(truth))
    values = contrasts.contrast_features(maps, nobody, *outlines.outline_points(given))
    found = dict(zip(contrasts.NAMES, values, strict=True))
    assert found["best_1"] == pytest.approx(away, abs=0.8)
    assert [found[f"others_{a}"] for a in (-10, 8)] == [0, 0]
    if grown:
        assert found["hit_1"] < 0.2
    else:
        assert found["hit_1"] > 0.9


def test_neighbours_are_seen_outside_the_mask() -> None:
    nobody = 1 - disk(60, 60, 34, 120).full().astype(np.uint16)  # all but the object and a gap
    points = outlines.outline_points(disk(60, 60, 30, 120))
    maps = np.zeros((120, 120, 5), np.float32)
    found = dict(
        zip(contrasts.NAMES, contrasts.contrast_features(maps, nobody, *points), strict=True)
    )
    assert found["others_-10"] == found["others_0"] == 0
    assert found["others_8"] == 1


def test_grabcut_keeps_a_right_mask_and_not_a_wrong_one() -> None:
    truth = disk(60, 60, 25, 120)
    right = grabcut.grabcut_features(picture(truth), truth)
    wide = grabcut.grabcut_features(picture(truth), disk(60, 60, 30, 120))
    assert right[0] > 0.95
    assert wide[0] < 0.85
    assert wide[1] < 1 < right[1] + 0.1
    one = CropMask.from_full(np.eye(1, 120 * 120, dtype=np.uint8).reshape(120, 120))
    assert len(grabcut.grabcut_features(picture(truth), one)) == len(grabcut.NAMES)


def test_boxes_of_a_detector_by_pycocotools() -> None:
    mask = disk(60, 50, 20, 120)
    boxes = np.array([[38.0, 33.0, 44.0, 40.0], [0.0, 0.0, 30.0, 30.0]])
    own = disk(58, 50, 20, 120).full()
    rle = coco_mask.encode(np.asfortranarray(own))
    found = detected.Found(boxes, np.array([0.6, 0.9]), (rle, rle))
    values = dict(zip(detected.NAMES, detected.detected_features(mask, [found]), strict=True))
    expected = coco_mask.iou(boxes, np.array([mask.bbox], float), [0])
    assert values["box_iou"] == pytest.approx(expected[0, 0])
    assert values["box_score"] == pytest.approx(0.6)
    both = (own > 0) & (mask.full() > 0), (own > 0) | (mask.full() > 0)
    assert values["mask_iou"] == pytest.approx(both[0].sum() / both[1].sum())
    none = detected.Found(np.zeros((0, 4)), np.zeros(0), None)
    assert detected.detected_features(mask, [none]) == [outlines.MISSING] * len(detected.NAMES)


def test_what_was_found_is_taken_by_image() -> None:
    found = DetectedBoxes(
        np.array([3, 4, 3]),
        np.zeros(3, np.int64),
        np.array([0.1, 0.2, 0.3], np.float32),
        np.eye(3, 4, dtype=np.float32),
    )
    one = DetectionEvidence("any", np.zeros((1, 1)), np.array([True]), found)
    (three,) = detected.found_in([one], [np.flatnonzero(found.image_ids == 3)])
    assert three.scores == pytest.approx([0.1, 0.3])


@pytest.mark.parametrize("kind", spoiling.SPOILT_KINDS)
def test_worse_masks_are_functions_of_the_stream(kind: str) -> None:
    mask, other = disk(60, 60, 20, 120).tight(), CropMask.from_full(np.tri(30, dtype=np.uint8))
    made = [spoiling.spoil(mask, kind, other, Stream(0, "a", i)) for i in (1, 2, 1)]
    first, second, again = made
    assert first is not None
    assert second is not None
    assert again is not None
    assert (first.mask.full() == again.mask.full()).all()
    if kind != "pasted":
        assert (first.mask.full() != second.mask.full()).any()
    a, b = first.mask.full() > 0, mask.full() > 0
    assert first.iou == pytest.approx((a & b).sum() / (a | b).sum())
    assert first.iou < 1


def test_second_drawings_are_of_all_strengths() -> None:
    mask = disk(60, 60, 25, 120).tight()
    made = [spoiling.spoil(mask, "contour", mask, Stream(0, "a", i)) for i in range(60)]
    ious = np.array([one.iou for one in made if one is not None])
    assert len(ious) > 50
    assert (ious > 0.9).mean() > 0.2
    assert (ious < 0.8).mean() > 0.2


def test_another_annotation_whatever_the_order() -> None:
    ids = np.array([5, 9, 2, 7, 30])
    places = another(ids, 3)
    assert (ids[places] != ids).all()
    order = np.array([3, 1, 4, 0, 2])
    assert (ids[order][another(ids[order], 3)] == ids[places][order]).all()


def test_overlap_is_predicted_by_the_other_folds() -> None:
    rng = np.random.default_rng(0)
    folds = np.arange(90) % 3
    places = np.repeat(np.arange(90), 2)
    kinds = np.tile([0, 1], 90)
    ious = np.where(kinds == 0, 1, rng.uniform(0.2, 1, 180)).astype(np.float32)
    features = np.column_stack([ious + rng.normal(0, 0.05, 180), rng.normal(size=180)])
    rows = {"features": features, "places": places, "kinds": kinds, "ious": ious}
    weights = {"ious": {"own": 1.0, "contour": 0.5}}
    found = predict_overlaps(rows, folds, weights)["ious"]
    trained = folds[places] != 1
    by_hand = HistGradientBoostingRegressor(**TREES).fit(
        features[trained].astype(np.float32),
        np.clip(ious[trained], 0.3, 1),
        sample_weight=np.where(kinds == 0, 1.0, 0.5)[trained],
    )
    asked = (kinds == 0) & ~trained
    expected = np.clip(by_hand.predict(features[asked].astype(np.float32)), 0, 1)
    assert found[folds == 1] == pytest.approx(expected)
    # Without worse masks there is nothing but ones to learn.
    alone = predict_overlaps(rows, folds, {"ious": {"own": 1.0}})["ious"]
    assert alone == pytest.approx(1)


def test_the_score_is_one_less_the_mean_of_both_overlaps() -> None:
    given = evidence(
        [0, 1],
        predicted_dsc=np.array([0.8, 1.0], np.float32),
        predicted_boundary_iou=np.array([0.5, 1.0], np.float32),
        in_domain=np.array([True, False]),
    )
    table = build_detector("quality_sentinel", {"self_threshold": 0.6}).fit(given).scores_
    assert table["score"].to_pylist() == pytest.approx([1 - (0.8 / 1.2 + 0.5) / 2, 0])
    assert table["flagged"].to_pylist() == [True, False]
    assert table["in_domain"].to_pylist() == [True, False]
    with pytest.raises(InputError, match=r"self_threshold is 2\.0, expected"):
        build_detector("quality_sentinel", {"self_threshold": 2})


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[int]]:
    """A folder of photographs, and the ids of the masks that are too wide."""
    folder = tmp_path_factory.mktemp("photographs")
    return folder, photographs.draw(folder, 30, 0.15)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the evidence of `drawn` by one process is kept."""
    return tmp_path_factory.mktemp("evidence")


def test_wide_masks_are_found_without_weights(
    drawn: tuple[Path, set[int]], kept: Path, tmp_path: Path
) -> None:
    folder, wrong = drawn
    results = [
        benchmark_n.detect(
            folder / "in.json",
            folder,
            "quality_sentinel",
            evidence=EvidenceOptions(fit="self", evidence_dir=evidence_dir),
            execution=Execution(workers),
        )[0]
        for workers, evidence_dir in ((1, kept), (2, tmp_path / "evidence"))
    ]
    rows = results[0].scores.to_pandas().query("kind == 'spatial'").set_index("annotation_id")
    truth = [identity in wrong for identity in rows.index]
    assert 5 < sum(truth) < len(truth) / 2
    assert roc_auc_score(truth, rows.score) > 0.9
    assert results[0].provenance["told"] == ["the noise contour"]
    assert results[0].scores.equals(results[1].scores)


def test_detect_fits_itself_by_an_option(
    drawn: tuple[Path, set[int]], kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _ = drawn
    arguments = ["detect", "--annotations", str(folder / "in.json"), "--images", str(folder)]
    arguments += ["--detector", "quality_sentinel", "--workers", "1", "--json"]
    arguments += ["--evidence-dir", str(kept), "--out", str(tmp_path / "out")]
    arguments += ["--set", "quality_sentinel.self_threshold=1"]
    assert run([*arguments, "--fit", "self"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["detectors"]
    assert one["flagged"]["spatial"] > 60
    assert any("of 120 annotations as spatial" in line for line in one["warnings"])


def test_a_file_of_weights_is_no_self_fit(drawn: tuple[Path, set[int]], tmp_path: Path) -> None:
    folder, _ = drawn
    for options, words in (
        (EvidenceOptions(fit="self", weights=tmp_path / "w"), "leave `weights` out"),
        (EvidenceOptions(("saliency",), fit="self"), "is for quality_sentinel"),
    ):
        name = "mirror" if options.sources else "quality_sentinel"
        with pytest.raises(UsageError, match=words):
            benchmark_n.detect(folder / "in.json", folder, name, evidence=options)


def test_weights_end_on_pictures_unlike_those_of_their_training(
    drawn: tuple[Path, set[int]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch")
    folder, _ = drawn
    arguments = ["detect", "--annotations", str(folder / "in.json"), "--images", str(folder)]
    arguments += ["--detector", "quality_sentinel", "--workers", "1", "--json"]
    arguments += ["--evidence-dir", str(tmp_path / "e"), "--out", str(tmp_path / "out")]
    assert run(arguments) == 1
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert "of 120 annotations are unlike those that the model was trained on" in said
    assert "--fit self" in said
    assert "--out-of-domain" in said
    assert run([*arguments, "--out-of-domain"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["detectors"]
    assert any("column in_domain" in line for line in one["warnings"])


def test_specks_are_scored_and_boxes_are_not(tmp_path: Path) -> None:
    photographs.draw(tmp_path, 6)
    document = json.loads((tmp_path / "in.json").read_text())
    speck = np.zeros((photographs.SIDE, photographs.SIDE), np.uint8)
    cv2.rectangle(speck, (2, 2), (3, 3), 1, -1)
    document["annotations"].append(photographs.record(99, 1, speck))
    box = {"id": 100, "image_id": 2, "category_id": 1, "bbox": [20, 20, 30, 30], "area": 900}
    document["annotations"].append({**box, "segmentation": [], "iscrowd": 0})
    (tmp_path / "in.json").write_text(json.dumps(document))
    (found,) = benchmark_n.detect(
        tmp_path / "in.json",
        tmp_path,
        "quality_sentinel",
        evidence=EvidenceOptions(fit="self", folds=2, evidence_dir=tmp_path / "e"),
        execution=Execution(1),
    )
    rows = found.scores.to_pandas().query("kind == 'spatial'")
    assert len(rows) == 25  # none of the box
    assert rows.score.between(0, 1).all()
