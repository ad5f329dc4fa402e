"""Evaluations of boxes: nothing is said of masks that do not exist."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from benchmark_n import Benchmark, EvaluationInput
from benchmark_n.cli import run
from benchmark_n.coco import read_coco
from benchmark_n.coco.predictions import detection_arrays, read_predictions
from benchmark_n.errors import InputError
from benchmark_n.evaluation.evaluate import evaluate
from benchmark_n.evaluation.label_errors import deleted_masks
from benchmark_n.evaluation.labels import evaluate_labels
from benchmark_n.evaluation.predictions import evaluate_predictions
from benchmark_n.evaluators.average_precision.evaluate import evaluate_instances
from benchmark_n.evaluators.average_precision.options import PrecisionOptions
from benchmark_n.evaluators.average_precision.problem import IouType
from tests import samples
from tests.conftest import shared_case
from tests.evaluators.coco_samples import parse, random_case
from tests.generation.test_boxes import boxes_only, mixed
from tests.making import make, source_records

Records = list[dict[str, Any]]


def oracle(document: dict[str, Any], detections: Records, kind: str) -> list[float | None]:
    """The twelve statistics of pycocotools; None where there is no ground truth."""
    truth = COCO()
    truth.dataset = copy.deepcopy(document)
    truth.createIndex()
    done = COCOeval(truth, truth.loadRes(copy.deepcopy(detections)), kind)
    done.evaluate()
    done.accumulate()
    done.summarize()
    return [None if value < 0 else float(value) for value in done.stats]


@pytest.mark.parametrize("name", ["in.json", "missing-key.json"])
def test_perfect_boxes_are_perfect(name: str, tmp_path: Path) -> None:
    path, found = (shared_case(f"01-boxes-only/{n}") for n in (name, "dets.json"))
    made = make(annotations=path, tier="hard", out=tmp_path / "made", workers=1)
    document, detections = json.loads(path.read_text()), json.loads(found.read_text())
    assert oracle(document, detections, "bbox")[0] == 1.0
    for truth in (EvaluationInput(ground_truth=path), EvaluationInput(made)):
        done = evaluate_predictions(truth, found)
        assert set(done.results) == {"bbox"}
        assert done.results["bbox"]["statistics"]["AP"] == 1.0


def test_boxes_that_are_not_perfect_as_pycocotools(tmp_path: Path) -> None:
    """The noisy boxes as detections: against the file, and against its benchmark's clean labels."""
    document = boxes_only()
    path = samples.write(tmp_path, document)
    made = make(annotations=path, tier="hard", out=tmp_path / "made", workers=1)
    noisy = [
        {key: record[key] for key in ("image_id", "category_id", "bbox")}
        | {"score": identity / 100}
        for identity, record in source_records(made).items()
    ]
    expected = oracle(document, noisy, "bbox")
    for truth in (read_coco(path), made.clean()):
        found = evaluate_instances(truth, noisy, iou_type="bbox").statistics
        assert list(found.values())[: len(expected)] == pytest.approx(expected, abs=1e-12)
    assert 0 < (expected[0] or 0) < 1


@pytest.mark.parametrize("kind", ["segm", "boundary"])
def test_masks_of_boxes_are_refused(kind: IouType, tmp_path: Path) -> None:
    path = samples.write(tmp_path, boxes_only())
    masks = [{"image_id": 1, "category_id": 1, "score": 0.5, "segmentation": samples.SQUARE}]
    with pytest.raises(InputError, match="none of its 60 annotations has a mask"):
        evaluate_instances(read_coco(path), masks, iou_type=kind)
    found = samples.write(tmp_path, masks, "found.json")
    done = evaluate_predictions(EvaluationInput(ground_truth=path), found)
    assert set(done.results) == {"bbox"}


@pytest.mark.parametrize("engine", ["pycocotools", "auto"])
@pytest.mark.parametrize("seed", range(4))
def test_mixed_labels_count_by_their_masks(
    engine: Any, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Annotations without a mask are regions that are ignored, as pycocotools ignores crowds."""
    document, detections = random_case(seed)
    bare = copy.deepcopy(document)
    for number, record in enumerate(bare["annotations"]):
        if number % 3:
            continue
        record["segmentation"] = [None, [], ""][number // 3 % 3]
        left, top, width, height = (int(side) for side in record["bbox"])
        filled = np.zeros((60, 90), int)
        filled[top : top + height, left : left + width] = 1
        counts = np.diff(np.flatnonzero(np.diff(filled.T.ravel(), prepend=-1, append=-1)))
        runs = counts.tolist() if not filled[0, 0] else [0, *counts.tolist()]
        document["annotations"][number] |= {
            "iscrowd": 1,
            "segmentation": {"size": [60, 90], "counts": runs},
        }
    options = PrecisionOptions(engine=engine)
    found = evaluate_instances(parse(bare), detections, iou_type="segm", options=options)
    expected = evaluate_instances(
        parse(document), detections, iou_type="segm", options=PrecisionOptions(engine="pycocotools")
    )
    assert list(found.statistics.values()) == pytest.approx(
        list(expected.statistics.values()), abs=1e-12
    )
    reference = oracle(document, detections, "segm")
    assert found.statistics["AP"] == pytest.approx(reference[0], abs=1e-12)
    assert any("annotations have no mask but a box" in line for line in caplog.messages)


@pytest.mark.parametrize("form", ["none", "null", "empty"])
def test_predictions_get_their_boxes_as_load_res_gives_them(form: str) -> None:
    document, detections = random_case(5)
    for one in detections:
        one.pop("bbox", None)
        one.pop("area", None)
        if form != "none":
            one["bbox"] = None if form == "null" else []
    truth = parse(document)
    arrays = detection_arrays(
        read_predictions(detections, truth), truth.images, masks=False, box_areas=True
    )
    coco = COCO()
    coco.dataset = copy.deepcopy(document)
    coco.createIndex()
    given = [{k: v for k, v in one.items() if k != "bbox"} for one in copy.deepcopy(detections)]
    loaded = coco.loadRes(copy.deepcopy(given)).dataset["annotations"]
    assert arrays.boxes.tolist() == [list(one["bbox"]) for one in loaded]
    # Boxes alone: pycocotools evaluates what was loaded.
    found = evaluate_instances(truth, detections, iou_type="bbox").statistics
    expected = oracle(document, given, "bbox")
    assert list(found.values())[: len(expected)] == pytest.approx(expected, abs=1e-12)


def test_an_empty_segmentation_of_a_detection_is_none() -> None:
    document, detections = random_case(5)
    for one in detections:
        one["segmentation"] = []
    assert not read_predictions(detections, parse(document)).have_masks
    with pytest.raises(InputError, match="detection 0 has no segmentation"):
        evaluate_instances(parse(document), detections, iou_type="segm")


@pytest.fixture(scope="module")
def boxes(tmp_path_factory: pytest.TempPathFactory) -> Benchmark:
    """A benchmark of boxes."""
    folder = tmp_path_factory.mktemp("boxes")
    path = samples.write(folder, boxes_only())
    return make(annotations=path, tier="hard", out=folder / "made", workers=1)


def test_agreement_of_masks_is_refused(
    boxes: Benchmark, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = "instances.json: none of its 60 annotations has a mask, they are boxes"
    with pytest.raises(InputError, match=line):
        evaluate_labels(boxes)
    assert run(["eval", str(boxes.path), "--masks", "noisy", "--out", str(tmp_path / "r")]) == 1
    captured = capsys.readouterr()
    assert line in captured.err
    assert captured.out == ""
    assert not (tmp_path / "r").exists()


def test_ejection_fractions_of_boxes_are_refused(boxes: Benchmark) -> None:
    with pytest.raises(InputError, match=r"none of its .* has a mask.*the ejection fraction"):
        evaluate(boxes, ef=True)


def test_agreement_of_mixed_labels_is_of_the_masks(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    both = make(
        annotations=samples.write(tmp_path, mixed()), tier="hard", out=tmp_path / "m", workers=1
    )
    alone = {**mixed(), "annotations": mixed()["annotations"][::2]}
    masks = make(
        annotations=samples.write(tmp_path, alone, "masks.json"),
        tier="hard",
        out=tmp_path / "a",
        workers=1,
    )
    assert evaluate_labels(both).results == evaluate_labels(masks).results
    line = "instances.json: 30 of 60 annotations have no mask but a box: agreement of masks leaves"
    assert any(line in message for message in caplog.messages)


def test_deleted_boxes_can_be_found(boxes: Benchmark) -> None:
    rows = boxes.manifest().to_pylist()
    wanted = {row["annotation_id"]: row for row in rows if row["deleted"]}
    found = {
        i: m for masks in deleted_masks(boxes, boxes.noisy()).values() for i, m in masks.items()
    }
    assert set(found) == set(wanted)
    assert len(wanted) > 3


def test_tables_by_category_tell_namesakes_apart(tmp_path: Path) -> None:
    document, detections = random_case(2)
    names = ["cat", "cat", "dog"]
    for category, name in zip(document["categories"], names, strict=True):
        category["name"] = name
    done = evaluate_instances(parse(document), detections, iou_type="segm")
    assert list(done.per_category) == ["cat (1)", "cat (2)", "dog"]
    plain, _ = random_case(2)
    expected = evaluate_instances(parse(plain), detections, iou_type="segm").per_category
    assert list(done.per_category.values()) == list(expected.values())
    data = samples.document()
    data["categories"][1]["name"] = "cat"
    path = samples.write(tmp_path, data)
    made = make(annotations=path, tier="clean", out=tmp_path / "made", workers=1)
    rows = evaluate_labels(made).results["by_category"]
    assert {name: row["clean"] for name, row in rows.items()} == {
        "cat (1)": 1,
        "cat (2)": 1,
        "person": 1,
    }
