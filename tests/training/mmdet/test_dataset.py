from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from mmdet.registry import DATASETS
from pycocotools import mask as coco_mask

from benchmark_n.errors import InputError
from tests.samples import annotation, document, write

PIPELINE: list[dict[str, Any]] = [
    {"type": "LoadImageFromFile"},
    {"type": "LoadAnnotations", "with_bbox": True, "with_mask": True},
    {"type": "PackWithIds"},
]


def build(path: Path, **options: Any) -> Any:
    for image in json.loads(path.read_text())["images"]:
        pixels = np.zeros((image["height"], image["width"], 3), np.uint8)
        cv2.imwrite(str(path.parent / image.get("file_name", "none.png")), pixels)
    return DATASETS.build(
        {
            "type": "NoisyCocoDataset",
            "ann_file": str(path),
            "data_prefix": {"img": str(path.parent)},
            "pipeline": PIPELINE,
            **options,
        }
    )


def test_rle_and_polygons_give_the_masks_of_pycocotools(tmp_path: Path) -> None:
    data = document()
    ring = np.zeros((48, 64), np.uint8, order="F")
    ring[5:30, 5:40] = 1
    ring[10:20, 10:20] = 0
    rle = coco_mask.encode(ring)
    text = {"size": rle["size"], "counts": rle["counts"].decode()}
    data["annotations"].append(annotation(2**40, 1, segmentation=text, bbox=[5, 5, 35, 25]))
    dataset = build(write(tmp_path, data))
    assert dataset.metainfo["classes"] == ("cat", "dog", "person")
    sample = dataset[0]["data_samples"].gt_instances
    assert sample.instances_ids.tolist() == [7, 8, 2**40]
    assert sample.labels.tolist() == [0, 1, 0]
    for mask, record in zip(sample.masks.masks, [*data["annotations"][:2], {}], strict=True):
        if record:
            parts = coco_mask.frPyObjects(record["segmentation"], 48, 64)
            expected = coco_mask.decode(coco_mask.merge(parts))
        else:
            expected = ring
        np.testing.assert_array_equal(mask, expected)
    assert sample.bboxes.tensor[2].tolist() == [5, 5, 40, 30]


def test_labels_are_places_of_categories_not_names(tmp_path: Path) -> None:
    """Two categories of one name are two labels, in the file's order, whatever their ids."""
    data = document()
    data["categories"] = [{"id": 3, "name": "a"}, {"id": 1, "name": "a"}, {"id": 2, "name": "b"}]
    dataset = build(write(tmp_path, data))
    labels = [
        instance["bbox_label"]
        for i in range(2)
        for instance in dataset.get_data_info(i)["instances"]
    ]
    assert labels == [1, 2, 0]


def test_crowds_are_ignored_and_empty_masks_left_out(tmp_path: Path) -> None:
    data = document()
    data["annotations"][0]["iscrowd"] = 1
    data["annotations"][1] |= {"segmentation": [], "area": 0, "bbox": [0, 0, 0, 0]}
    path = write(tmp_path, data)
    sample = build(path)[0]["data_samples"]
    assert sample.gt_instances.instances_ids.tolist() == []
    assert len(sample.ignored_instances.bboxes) == 1
    assert len(build(path)) == 2
    assert len(build(path, filter_cfg={"filter_empty_gt": True})) == 1


def test_a_pipeline_that_drops_instances_without_ids_is_told(tmp_path: Path) -> None:
    drop = {"type": "FilterAnnotations", "min_gt_bbox_wh": (25, 25)}
    data = document()
    data["annotations"][1]["bbox"] = [1, 1, 19, 19]
    dataset = build(write(tmp_path, data), pipeline=[*PIPELINE[:2], drop, PIPELINE[2]])
    with pytest.raises(InputError, match="image 1: 1 instances with 2 ids"):
        dataset[0]


def test_folds_split_the_images(tmp_path: Path) -> None:
    data = document()
    data["annotations"] = []
    data["images"] = [
        {"id": i, "width": 8, "height": 8, "file_name": f"{i}.png", "patient": i // 2}
        for i in range(20)
    ]
    path = write(tmp_path, data)
    seen: list[int] = []
    for fold in range(3):
        folds = {"count": 3, "fold": fold, "seed": 0}
        own = {d["img_id"] for d in _data(build(path, folds={**folds, "held_out": True}))}
        rest = {d["img_id"] for d in _data(build(path, folds={**folds, "held_out": False}))}
        assert own | rest == set(range(20))
        assert not own & rest
        assert {image ^ 1 for image in own} == own, "a patient's frames stay together"
        seen += own
    assert sorted(seen) == list(range(20))


def _data(dataset: Any) -> list[dict[str, Any]]:
    return [dataset.get_data_info(place) for place in range(len(dataset))]


def test_an_image_without_a_file_is_named(tmp_path: Path) -> None:
    data = json.loads(json.dumps(document()))
    del data["images"][1]["file_name"]
    with pytest.raises(InputError, match="image 2 has no file_name"):
        build(write(tmp_path, data))
