"""Each fault of a results file is one line that names the detection."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

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


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "not JSON"),
        ("{}", "not COCO results"),
        ("[1]", "not COCO results"),
        ('[{"image_id": 1, "category_id": 1, "score": NaN}]', "detection 0: NaN or infinity"),
    ],
)
def test_file_fault_is_named(tmp_path: Path, text: str, line: str) -> None:
    path = tmp_path / "found.json"
    path.write_text(text)
    with pytest.raises(InputError, match=f"found.json: {line}"):
        evaluate_instances(parse(DOCUMENT), path)


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
