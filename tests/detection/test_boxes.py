"""Detectors and audits on boxes: class detectors run, detectors of masks say why they cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from sklearn import metrics

import benchmark_n
from benchmark_n import EvidenceOptions, LabelErrorOptions
from benchmark_n.benchmark.labels import training_labels
from benchmark_n.cli import run
from benchmark_n.coco import ReadOptions, read_coco
from benchmark_n.detectors.base import build_detector, run_detector
from benchmark_n.errors import InputError
from benchmark_n.evidence.annotations import annotation_evidence
from tests import samples
from tests.conftest import shared_case
from tests.detectors.samples import instances, rows_of
from tests.generation.test_boxes import boxes_only, mixed
from tests.making import make

OPTIONS = EvidenceOptions(backbone="hog", folds=2)
SCORING = LabelErrorOptions(bootstrap=2)


def pictures(folder: Path, data: dict[str, Any]) -> Path:
    for image in data["images"]:
        rng = np.random.default_rng(image["id"])
        pixels = rng.integers(0, 256, (image["height"], image["width"], 3))
        cv2.imwrite(str(folder / image["file_name"]), pixels)
    return folder


@pytest.mark.parametrize("name", ["in.json", "missing-key.json"])
def test_class_detectors_run_on_boxes(name: str, tmp_path: Path) -> None:
    path = shared_case(f"01-boxes-only/{name}")
    evidence = annotation_evidence(read_coco(path))
    assert evidence.without_mask.tolist() == list(range(12))
    assert evidence.boxes[:2].tolist() == [[10, 20, 50, 60], [70, 25, 50, 60]]
    options = EvidenceOptions(backbone="hog", folds=2, evidence_dir=tmp_path)
    (found,) = benchmark_n.detect(path, shared_case("images/img1.jpg").parent, evidence=options)
    assert set(found.scores["kind"].to_pylist()) == {"class", "any"}
    assert len(rows_of(found.scores, "class")) == 12


@pytest.mark.parametrize("detector", ["quality_sentinel", "mask_disagreement"])
def test_detectors_of_masks_refuse_boxes(
    detector: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = samples.write(tmp_path, boxes_only())
    made = make(annotations=path, tier="hard", out=tmp_path / "made", workers=1)
    line = f"none of its .* has a mask, they are boxes: detector '{detector}' needs masks"
    with pytest.raises(InputError, match=line):
        benchmark_n.detect(path, pictures(tmp_path, boxes_only()), detector)
    with pytest.raises(InputError, match=line):
        benchmark_n.evaluate_detectors(made, detector, images=tmp_path)
    asked = ["detect", "--annotations", str(path), "--images", str(tmp_path), "-q"]
    assert run([*asked, "--detector", detector, "--out", str(tmp_path / "r")]) == 1
    assert "they are boxes" in capsys.readouterr().err
    assert not (tmp_path / "r").exists()


def test_a_detector_on_a_box_benchmark_is_judged_by_the_boxes(tmp_path: Path) -> None:
    data = boxes_only()
    path, folder = samples.write(tmp_path, data), pictures(tmp_path, data)
    made = make(annotations=path, images=folder, tier="hard", out=tmp_path / "made", workers=1)
    options = EvidenceOptions(backbone="hog", folds=2, evidence_dir=tmp_path / "e")
    (found,) = benchmark_n.evaluate_detectors(made, "random", evidence=options, scoring=SCORING)
    manifest = made.manifest().to_pandas()
    rows = manifest[~manifest.deleted].set_index("annotation_id")
    assert found.result is not None
    spatial = found.result.kinds["spatial"].measures
    wrong = rows.iou.astype(float) < 0.9
    assert spatial["errors"] == wrong.sum() > 5
    judged = rows[wrong | (rows.iou.astype(float) == 1)]
    scores = {r["annotation_id"]: r["score"] for r in rows_of(found.scores, "spatial")}
    given = [scores[i] for i in judged.index]
    assert spatial["auroc"] == pytest.approx(metrics.roc_auc_score(wrong[judged.index], given))


def test_mixed_annotations_are_judged_by_their_masks(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Boxes get no spatial score, masks the same as in a file of masks alone."""
    both = annotation_evidence(read_coco(samples.write(tmp_path, mixed())))
    alone = {**mixed(), "annotations": mixed()["annotations"][::2]}
    masks = annotation_evidence(read_coco(samples.write(tmp_path, alone, "masks.json")))
    found = instances([(1, 0, 0.9, both.masks[1]), (2, 1, 0.8, both.masks[2])])
    tables = []
    for evidence in (both, masks):
        detector = build_detector("mask_disagreement")
        given = type(evidence)(**{**vars(evidence), "predictions": found})
        tables.append(rows_of(run_detector(detector, given), "spatial"))
    assert tables[0] == tables[1]
    assert {row["annotation_id"] % 2 for row in tables[0]} == {1}


def test_audits_of_boxes_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = samples.write(tmp_path, boxes_only())
    asked = ["audit", "--annotations", str(path), "--images", str(tmp_path)]
    assert run([*asked, "--out", str(tmp_path / "r")]) == 1
    captured = capsys.readouterr()
    assert "none of its 60 annotations has a mask, they are boxes: an audit" in captured.err
    assert captured.out == ""


def test_trainings_on_boxes_are_refused(tmp_path: Path) -> None:
    path = samples.write(tmp_path, boxes_only())
    made = make(annotations=path, tier="hard", out=tmp_path / "made", workers=1)
    with pytest.raises(InputError, match="a training on masks needs masks"):
        training_labels(made, tmp_path)


def test_crowds_alone_are_told(tmp_path: Path) -> None:
    path = shared_case("02-brush-all-crowd/in.json")
    images = shared_case("images/img1.jpg").parent
    with pytest.raises(InputError, match="all 12 annotations are crowds"):
        benchmark_n.detect(path, images)
    options = EvidenceOptions(backbone="hog", folds=2, evidence_dir=tmp_path)
    (found,) = benchmark_n.detect(
        path, images, evidence=options, reading=ReadOptions(crowds_as_instances=True)
    )
    assert len(rows_of(found.scores, "class")) == 12
    assert not found.evidence.without_mask.size


def test_namesakes_are_told_apart_by_detectors(tmp_path: Path) -> None:
    data = boxes_only()
    data["categories"][1]["name"] = "cat"
    path = samples.write(tmp_path, data)
    evidence = annotation_evidence(read_coco(path))
    assert evidence.category_names == ("cat (1)", "cat (2)", "person")
    folder = pictures(tmp_path, data)
    made = make(annotations=path, images=folder, tier="hard", out=tmp_path / "m", workers=1)
    options = EvidenceOptions(backbone="hog", folds=2, evidence_dir=tmp_path / "e")
    scoring = LabelErrorOptions(bootstrap=2, by=("category",))
    (found,) = benchmark_n.evaluate_detectors(made, "random", evidence=options, scoring=scoring)
    assert found.result is not None
    assert set(found.result.kinds["any"].by["category"]) == {"cat (1)", "cat (2)"}
