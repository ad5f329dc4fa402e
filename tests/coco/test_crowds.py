"""Files of crowds are told, and read as instances on request."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pycocotools import mask as coco_mask

from benchmark_n.coco import CocoFile, ReadOptions, read_coco
from benchmark_n.coco.annotation_masks import masks_of
from benchmark_n.coco.crowds import check_crowds
from benchmark_n.errors import InputError
from tests import samples
from tests.conftest import shared_case


def crowded(folder: Path, crowds: int, **fields: Any) -> Path:
    """Four annotations, the first `crowds` of which are crowds."""
    data = samples.document()
    data["annotations"] = [
        samples.annotation(i, 1, iscrowd=int(i <= crowds), **fields) for i in range(1, 5)
    ]
    return samples.write(folder, data)


def test_crowds_alone_are_refused(tmp_path: Path) -> None:
    line = r"instances.json: all 4 annotations are crowds .*`crowds_as_instances`"
    with pytest.raises(InputError, match=line):
        check_crowds(read_coco(crowded(tmp_path, 4)))


@pytest.mark.parametrize(("crowds", "warned"), [(0, False), (2, False), (3, True)])
def test_more_crowds_than_instances_is_a_warning(
    tmp_path: Path, crowds: int, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    check_crowds(read_coco(crowded(tmp_path, crowds)))
    assert any("3 of 4 annotations are crowds" in line for line in caplog.messages) is warned


def test_an_empty_file_has_no_crowds(tmp_path: Path) -> None:
    data = {**samples.document(), "annotations": []}
    check_crowds(read_coco(samples.write(tmp_path, data)))


def as_instances(path: Path) -> CocoFile:
    coco = read_coco(path, ReadOptions(crowds_as_instances=True))
    assert not coco.crowd.any()
    return coco


def test_a_brush_export_as_instances() -> None:
    path = shared_case("02-brush-all-crowd/in.json")
    coco, data = as_instances(path), json.loads(path.read_text())
    assert [record["iscrowd"] for record in coco.records()] == [0] * 12
    found = masks_of(coco, range(12))
    for mask, record in zip(found, data["annotations"], strict=True):
        assert mask == coco_mask.frPyObjects(record["segmentation"], 150, 200)
    kept = [{**record, "iscrowd": 0} for record in data["annotations"]]
    assert list(coco.records()) == kept


def test_the_other_spelling_and_instances_beside(tmp_path: Path) -> None:
    data = samples.document()
    data["annotations"][0]["is_crowd"] = 1
    data["annotations"][1]["iscrowd"] = True
    path = samples.write(tmp_path, data)
    records = list(as_instances(path).records())
    assert [(r["iscrowd"], r.get("is_crowd")) for r in records] == [(0, 0), (0, None), (0, None)]
    assert bytes(as_instances(path).annotations[2]) == bytes(read_coco(path).annotations[2])
