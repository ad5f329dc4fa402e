"""The embedded dataset: same seed, same bytes; labels that are clean; all sizes and shapes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmark_n.datasets import Request
from benchmark_n.datasets.scenes import adapter as scenes
from benchmark_n.datasets.scenes.adapter import open_scenes, scene_records
from benchmark_n.datasets.scenes.drawing import draw_scene
from benchmark_n.datasets.scenes.shapes import SHAPES
from benchmark_n.masks import rle_to_crop

# Of the labels of the first five training images; pixels may differ in OpenCV's last bit.
LABELS_SHA256 = "894903fa5c771e69284c12aef5774009e108b9c6a6f6a7f53c25c2c4bb743aa9"


@pytest.fixture(autouse=True)
def _few_validation_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(scenes.NUM_IMAGES, "val", 2)


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    first = open_scenes(Request(tmp_path / "a", "train", num_images=3))
    again = open_scenes(Request(tmp_path / "b", "train", num_images=3))
    other = open_scenes(Request(tmp_path / "c", "train", num_images=3, data_seed=1))
    assert first.annotations.read_bytes() == again.annotations.read_bytes()
    assert first.annotations.read_bytes() != other.annotations.read_bytes()
    assert first.images is not None
    for path in first.images.iterdir():
        assert path.read_bytes() == (again.images / path.name).read_bytes()  # type: ignore[operator]


def test_labels_of_version_1() -> None:
    records = [scene_records(draw_scene(0, "train", i), i) for i in range(5)]
    assert hashlib.sha256(json.dumps(records).encode()).hexdigest() == LABELS_SHA256


def test_more_images_begin_with_the_same(tmp_path: Path) -> None:
    few = json.loads(open_scenes(Request(tmp_path, "train", num_images=2)).annotations.read_text())
    more = json.loads(open_scenes(Request(tmp_path, "train", num_images=4)).annotations.read_text())
    assert more["images"][:2] == few["images"]
    assert more["annotations"][: len(few["annotations"])] == few["annotations"]


def test_masks_are_disjoint_and_whole() -> None:
    for number in range(20):
        scene = draw_scene(0, "val", number)
        covered = np.zeros(scene.image.shape[:2], int)
        for record, (_, mask) in zip(scene_records(scene, 1), scene.instances, strict=True):
            size = record["segmentation"]["size"]
            counts = record["segmentation"]["counts"].encode()
            np.testing.assert_array_equal(
                rle_to_crop({"size": size, "counts": counts}).full(), mask
            )
            covered += mask
        assert covered.max() <= 1


def test_variety(scenes_clean: Path) -> None:
    data = json.loads(scenes_clean.read_text())
    assert len(SHAPES) == 12
    assert len({shape.supercategory for shape in SHAPES}) == 4
    assert {a["category_id"] for a in data["annotations"]} == set(range(1, 13))
    areas = np.array([a["area"] for a in data["annotations"]])
    assert (areas < 32**2).mean() > 0.2
    assert (areas > 96**2).any()
    names = {image["file_name"] for image in data["images"]}
    val = json.loads(scenes_clean.with_name("instances_val.json").read_text())
    assert not names & {image["file_name"] for image in val["images"]}
    image = cv2.imread(str(scenes_clean.parent.parent / "train" / sorted(names)[0]))
    assert image is not None
    assert image.shape == (256, 256, 3)
