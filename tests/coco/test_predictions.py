"""Each fault of a results file is one line that names the detection."""

from __future__ import annotations

import copy
import json
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools.coco import COCO

from benchmark_n.coco import read_coco
from benchmark_n.coco.predictions import detection_arrays, read_predictions
from benchmark_n.errors import InputError
from benchmark_n.evaluators.average_precision.evaluate import evaluate_instances
from tests import samples
from tests.evaluators.coco_samples import parse, random_case

DOCUMENT, DETECTIONS = random_case(3)


def changed(**fields: Any) -> list[dict[str, Any]]:
    return [DETECTIONS[0], {**DETECTIONS[1], **fields}]


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"image_id": 999}, "detection 1: image id 999 is not in truth.json"),
        ({"category_id": 999}, "detection 1: category id 999 is not in truth.json"),
        ({"score": float("nan")}, "detection 1: score is nan"),
        ({"score": 7}, "detection 1: score is 7.0, expected a number from 0 to 1"),
        ({"segmentation": {"size": [5, 5], "counts": "0"}}, r"detection 1: RLE size \[5, 5\]"),
        ({"segmentation": None}, "detection 1 has no segmentation"),
        ({"segmentation": [[1, 2, 3]]}, "detection 1: polygon with 3 coordinates"),
        ({"bbox": [1, 2, 3]}, r"detection 1: bbox is \[1.0, 2.0, 3.0\]"),
        ({"score": "high"}, "Expected `float`"),
    ],
)
def test_fault_is_named(fields: dict[str, Any], line: str) -> None:
    with pytest.raises(InputError, match=line):
        evaluate_instances(parse(DOCUMENT), changed(**fields))


RESULT = '[{"image_id": 1, "category_id": 1, "score": 1, "segmentation": %s}]'


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "not JSON"),
        ("{}", "not COCO results"),
        ("[1]", "not COCO results"),
        ('[{"image_id": 1, "category_id": 1, "score": NaN}]', "detection 0: NaN or infinity"),
        (
            '[{"image_id": 1, "category_id": 1, "score": 1}, {"image_id": "one"}]',
            "not COCO results: detection 1: Expected `int`",
        ),
        (RESULT % "[[1e400, 1]]", "detection 0: segmentation: not JSON: Number out of range"),
        (RESULT % f"[[1e400{', 1' * 99}]]", "detection 0: segmentation: not JSON: Number out of"),
    ],
)
def test_file_fault_is_named(tmp_path: Path, text: str, line: str) -> None:
    path = tmp_path / "found.json"
    path.write_text(text)
    with pytest.raises(InputError, match=f"found.json: {line}"):
        evaluate_instances(parse(DOCUMENT), path)


def test_blanks_are_no_mask(tmp_path: Path) -> None:
    path = tmp_path / "found.json"
    path.write_text(RESULT % f"[{' ' * 100}]")
    found = read_predictions(path, parse(DOCUMENT))
    assert not found.have_masks
    assert list(found.segmentations) == [None]


def test_a_segmentation_of_another_type_is_a_fault() -> None:
    wrong = changed(segmentation=np.zeros((3, 3)))
    with pytest.raises(InputError, match="detection 1: segmentation is ndarray"):
        evaluate_instances(parse(DOCUMENT), wrong)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read the predictions"):
        evaluate_instances(parse(DOCUMENT), tmp_path / "none.json")


@pytest.mark.parametrize("masks", [True, False])
def test_boxes_and_areas_are_those_of_pycocotools(masks: bool, tmp_path: Path) -> None:
    """Of a file without boxes, and of one where every other detection has one."""
    truth = parse(DOCUMENT)
    bare = [{k: v for k, v in one.items() if k not in ("bbox", "area")} for one in DETECTIONS]
    path = tmp_path / "bare.json"
    path.write_text(json.dumps(bare))
    coco = COCO()
    coco.dataset = copy.deepcopy(DOCUMENT)
    coco.createIndex()
    loaded = coco.loadRes(str(path)).dataset["annotations"]
    arrays = detection_arrays(
        read_predictions(path, truth), truth.images, masks=masks, box_areas=True
    )
    assert len(arrays) > 10
    assert arrays.boxes.tolist() == [list(one["bbox"]) for one in loaded]
    assert arrays.areas.tolist() == [one["area"] for one in loaded]
    given = [7.0, 3.0, 11.0, 5.0]
    mixed = [{**one, "bbox": given} if i % 2 else one for i, one in enumerate(bare)]
    arrays = detection_arrays(
        read_predictions(mixed, truth), truth.images, masks=masks, box_areas=True
    )
    expected = [given if i % 2 else list(one["bbox"]) for i, one in enumerate(loaded)]
    assert arrays.boxes.tolist() == expected


def test_polygons_count_as_the_masks_they_draw(tmp_path: Path) -> None:
    document = {
        **DOCUMENT,
        "annotations": [
            {
                "id": 1,
                "image_id": 1,
                "category_id": 1,
                "segmentation": [[5, 5, 30, 5, 30, 30, 5, 30]],
                "area": 625,
                "bbox": [5, 5, 25, 25],
                "iscrowd": 0,
            },
        ],
    }
    found = [
        {
            "image_id": 1,
            "category_id": 1,
            "score": 0.5,
            "segmentation": [[5, 5, 30, 5, 30, 30, 5, 30]],
        }
    ]
    path = tmp_path / "found.json"
    path.write_text(json.dumps(found))
    assert evaluate_instances(parse(document), path).statistics["AP"] == pytest.approx(1.0)


def test_a_byte_order_mark_and_short_parts_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    truth = read_coco(samples.write(tmp_path, samples.document()))
    polygons = [samples.SQUARE[0], [1, 2]]
    detection = {"image_id": 1, "category_id": 1, "score": 0.5, "segmentation": polygons}
    path = samples.write(tmp_path, [detection], "dets.json")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    found = detection_arrays(
        read_predictions(path, truth), truth.images, masks=True, box_areas=False
    )
    assert found.areas.tolist() == [900.0]
    assert "dets.json: a UTF-8 byte-order mark is stripped" in caplog.text
    assert "dets.json: polygons of fewer than three points: 1 (first: detection 0)" in caplog.text


def test_a_file_is_read_as_its_records_are(tmp_path: Path) -> None:
    """Segmentations stay JSON until they are looked at; empty ones are none, also long ones."""
    truth = parse(DOCUMENT)
    empty: list[Any] = [None, [], {}, "", 0]
    records = [dict(one) for one in DETECTIONS[: len(empty) + 2]]
    for record, segmentation in zip(records, empty, strict=False):
        record |= {"segmentation": segmentation, "bbox": [1, 2, 3, 4], "loss": 0.5}
    path = tmp_path / "found.json"
    path.write_text(json.dumps(records))
    stored, given = read_predictions(path, truth), read_predictions(records, truth)
    assert stored.masked.tolist() == given.masked.tolist() == [False] * len(empty) + [True] * 2
    assert list(stored.segmentations) == list(given.segmentations)
    assert stored.segmentations[len(empty)] == DETECTIONS[len(empty)]["segmentation"]
    for name in ("image_ids", "category_ids", "scores", "losses"):
        assert getattr(stored, name).tolist() == getattr(given, name).tolist()
    assert stored.losses.tolist() == [0.5] * len(empty)
    assert str(stored.boxes.tolist()) == str(given.boxes.tolist())
    assert stored.boxes[0].tolist() == [1, 2, 3, 4]


def test_text_of_a_segmentation_that_is_none_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "found.json"
    counts = {"size": [40, 60], "counts": "0" * 80 + "?"}
    text = json.dumps([{**DETECTIONS[0], "segmentation": counts}]).encode()
    path.write_bytes(text.replace(b"?", b"\xff"))
    with pytest.raises(InputError, match=r"found\.json: detection 0: segmentation: not JSON"):
        evaluate_instances(parse(DOCUMENT), path)


def test_a_file_is_held_as_columns(tmp_path: Path) -> None:
    """What is kept of a detection is about its text: as objects it is three times as much."""
    path = tmp_path / "found.json"
    text = json.dumps([DETECTIONS[i % len(DETECTIONS)] for i in range(4000)])
    path.write_text(text)
    truth = parse(DOCUMENT)
    tracemalloc.start()
    found = read_predictions(path, truth)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found) == 4000
    assert held < 1.5 * len(text)
