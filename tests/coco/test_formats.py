"""What is no file of COCO instances is named, and what to do with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmark_n.cli import run
from benchmark_n.coco import read_coco
from benchmark_n.errors import InputError
from tests import samples

IMAGES = samples.document()["images"]
CATEGORIES = samples.document()["categories"]
SEGMENT = {"id": 3, "category_id": 1, "area": 9, "bbox": [0, 0, 3, 3], "iscrowd": 0}
DETECTION = {"image_id": 1, "category_id": 1, "bbox": [0, 0, 3, 3], "score": 0.5}
LABEL_STUDIO = {"id": 1, "data": {"image": "/data/a.png"}, "annotations": [{"result": []}]}
VIA = {"a.png9": {"filename": "a.png", "size": 9, "regions": [], "file_attributes": {}}}
JSON: list[tuple[str, Any]] = [
    (
        "panoptic",
        {
            "images": IMAGES,
            "categories": CATEGORIES,
            "annotations": [{"image_id": 1, "file_name": "a.png", "segments_info": [SEGMENT]}],
        },
    ),
    ("captions", {"images": IMAGES, "annotations": [{"id": 1, "image_id": 1, "caption": "a"}]}),
    (
        "captions",
        {
            "images": IMAGES,
            "categories": [],
            "annotations": [{"id": 1, "image_id": 1, "caption": "a dog"}],
        },
    ),
    ("image_info_test", {"info": {}, "images": IMAGES, "categories": CATEGORIES}),
    ("detections", [DETECTION]),
    ("detections", [{**DETECTION, "segmentation": {"size": [48, 64], "counts": "04"}}]),
    ("labelme", {"version": "5.0.1", "shapes": [], "imagePath": "a.png", "imageData": None}),
    ("VIA", {"_via_settings": {}, "_via_img_metadata": VIA}),
    ("VIA", VIA),
    ("Datumaro", {"info": {}, "categories": {"label": {}}, "items": [{"id": "a"}]}),
    ("Label Studio", [LABEL_STUDIO]),
    ("Label Studio", [{"id": 1, "data": {}, "completions": []}]),
]
TEXTS = [
    ("YOLO labels", "0 0.5 0.5 0.1 0.2\n17 0.25 0.25 0.1 0.1\n"),
    ("YOLO labels", "3 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8"),
    ("YOLO labels", "0 0.5 0.5 0.1 0.2\n" * 9000),
    ("data.yaml", "path: ../data\ntrain: images/train\nval: images/val\nnames: [cat, dog]\n"),
    ("data.yaml", "nc: 2\nnames:\n  0: cat\n  1: dog\ntrain: a\n"),
    ("Pascal VOC", "<annotation><folder>a</folder><object></object></annotation>"),
    ("Pascal VOC", '<?xml version="1.0"?>\n<annotation verified="yes">\n</annotation>'),
    ("CVAT", '<?xml version="1.0" encoding="utf-8"?>\n<annotations><version>1.1</version>'),
]


def refused(path: Path) -> str:
    with pytest.raises(InputError) as told:
        read_coco(path)
    assert str(told.value).startswith(path.name)
    assert str(told.value).isprintable()
    return str(told.value)


@pytest.mark.parametrize(("name", "document"), JSON)
def test_json_of_other_kinds(tmp_path: Path, name: str, document: Any) -> None:
    line = refused(samples.write(tmp_path, document))
    assert name in line
    assert "expected COCO instances (JSON): " in line


@pytest.mark.parametrize(("name", "text"), TEXTS)
def test_texts_of_other_kinds(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / "labels.txt"
    path.write_text(text)
    assert name in refused(path)


@pytest.mark.parametrize(
    "text", ["hello", "1 2 3", "0 0.5 0.5 0.1 0.2\nx", "a: 1", "<html></html>", "{", "[1]", "{}"]
)
def test_other_texts_are_not_guessed_at(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    assert "expected COCO instances" not in refused(path)


def test_a_fault_of_a_coco_file_stays_one(tmp_path: Path) -> None:
    data = samples.document()
    del data["annotations"][1]["id"]
    assert "field 'id' is missing" in refused(samples.write(tmp_path, data))


def test_keypoints_are_read(tmp_path: Path) -> None:
    """Person keypoints are instances too."""
    data = samples.document()
    data["categories"][0] |= {"keypoints": ["nose"], "skeleton": []}
    for record in data["annotations"]:
        record |= {"keypoints": [12, 12, 2], "num_keypoints": 1}
    assert len(read_coco(samples.write(tmp_path, data))) == 3


def test_every_command_that_reads_a_file_names_the_format(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(samples.write(tmp_path, [DETECTION]))
    good = str(samples.write(tmp_path, samples.document(), "good.json"))
    out = ["--out", str(tmp_path / "out")]
    for command in (
        ["make", "--annotations", path, "--tier", "hard", *out],
        ["import", "--clean", path, "--noisy", good, *out],
        ["import", "--clean", good, "--noisy", path, *out],
        ["eval", "--ground-truth", path, "--predictions", path, *out],
        ["detect", "--annotations", path, "--images", str(tmp_path), *out],
        ["audit", "--annotations", path, "--images", str(tmp_path), *out],
    ):
        assert run([*command, "-q"]) == 1
        line = capsys.readouterr().err.strip()
        assert "is detections (COCO results), not ground truth" in line, command
        assert "name them by --predictions" in line
        assert len(line.splitlines()) == 1
    assert json.loads(Path(good).read_text())["images"]
