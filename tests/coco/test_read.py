"""Reading COCO files: what is accepted, and the one line for what is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools.coco import COCO

from benchmark_n.coco import read_coco
from benchmark_n.errors import InputError
from tests import samples

Change = Callable[[dict[str, Any]], object]


def test_same_as_pycocotools(val2014: Path, capsys: pytest.CaptureFixture[str]) -> None:
    coco, oracle = read_coco(val2014), COCO(str(val2014))
    assert set(coco.annotation_ids.tolist()) == set(oracle.getAnnIds())
    assert set(coco.images) == set(oracle.getImgIds())
    assert list(coco.records()) == oracle.dataset["annotations"]
    assert coco.crowd.sum() == len(oracle.getAnnIds(iscrowd=True)) == 9


@pytest.mark.parametrize(
    "fields",
    [
        {"iscrowd": [0]},
        {"iscrowd": False},
        {"iscrowd": None},
        {"is_crowd": 0},
        {"id": 7.0},
        {"bbox": [10.5, 10.5, 3.25, 4.0]},
        {"score": 0.5, "attributes": {"occluded": True}},
    ],
)
def test_accepts_what_is_unambiguous(tmp_path: Path, fields: dict[str, Any]) -> None:
    data = samples.document()
    data["annotations"][0].update(fields)
    coco = read_coco(samples.write(tmp_path, data))
    assert coco.annotation_ids.tolist() == [7, 8, 9]
    assert not coco.crowd.any()


@pytest.mark.parametrize("fields", [{"iscrowd": [1]}, {"iscrowd": True}, {"is_crowd": 1}])
def test_crowd_spellings(tmp_path: Path, fields: dict[str, Any]) -> None:
    data = samples.document()
    del data["annotations"][0]["iscrowd"]
    data["annotations"][0].update(fields)
    assert read_coco(samples.write(tmp_path, data)).crowd.tolist() == [True, False, False]


def test_missing_iscrowd_id_zero_and_empty_image(tmp_path: Path) -> None:
    data = samples.document()
    data["images"].append({"id": 0, "width": 5, "height": 5})
    data["annotations"][0]["id"] = 0
    del data["annotations"][0]["iscrowd"]
    coco = read_coco(samples.write(tmp_path, data))
    assert coco.annotation_ids.tolist() == [0, 8, 9]
    assert coco.annotation_ids.dtype == np.int64


def _drop(section: str) -> Change:
    return lambda data: data.pop(section)


def _set(section: str, index: int, **fields: Any) -> Change:
    return lambda data: data[section][index].update(fields)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_drop("images"), ["images", "missing"]),
        (_drop("annotations"), ["annotations", "missing"]),
        (_set("annotations", 0, image_id=5), ["annotation 7", "image id 5"]),
        (_set("annotations", 1, category_id=9), ["annotation 8", "category id 9"]),
        (_set("annotations", 1, id=7), ["annotation 7", "twice"]),
        (_set("images", 1, id=1), ["image id 1", "twice"]),
        (_set("categories", 1, id=1), ["category id 1", "twice"]),
        (_set("images", 0, width=-3), ["image 1", "-3x48"]),
        (_set("images", 0, height=0), ["image 1", "64x0"]),
        (_set("images", 0, height=10**6, width=10**6), ["image 1", "1000000"]),
        (_set("images", 0, height="tall"), ["images", "height"]),
        (_set("annotations", 0, id="seven"), ["seven", "whole number"]),
        (_set("annotations", 0, id=7.5), ["7.5", "whole number"]),
        (_set("annotations", 0, image_id=None), ["annotation 7", "image_id", "missing"]),
        (_set("annotations", 0, id=2**70), ["64 bits"]),
        (_set("images", 1, id=2**63), ["image id", "64 bits"]),
        (_set("categories", 1, id=-(2**70)), ["category id", "64 bits"]),
        (_set("annotations", 2, area=float("nan")), ["annotation 9", "NaN"]),
        (_set("annotations", 2, bbox=[1, 2, float("inf"), 3]), ["annotation 9", "infinity"]),
    ],
)
def test_faults_are_named(tmp_path: Path, change: Change, words: list[str]) -> None:
    data = samples.document()
    change(data)
    with pytest.raises(InputError) as error:
        read_coco(samples.write(tmp_path, data))
    message = str(error.value)
    assert "instances.json" in message
    assert "\n" not in message
    assert all(word in message for word in words), message


@pytest.mark.parametrize(
    "text", ["", "no json", "[1, 2]", "3", '{"images": [', "[" * 100_000, '{"a": "\ud800"}']
)
def test_not_coco(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(InputError, match=r"broken\.json"):
        read_coco(path)


@pytest.mark.parametrize("shift", [-1, 0, 1, 5000])
def test_text_that_is_not_utf8(tmp_path: Path, shift: int) -> None:
    """In a field that nothing reads, anywhere in a block of those that are looked at."""
    data = samples.document()
    data["annotations"][0]["note"] = "?" + "é" * 2**19
    path = samples.write(tmp_path, data)
    text = json.dumps(data, ensure_ascii=False).encode()
    path.write_bytes(text)
    assert len(read_coco(path)) == 3
    at = text.index("é".encode()) + shift
    path.write_bytes(text[:at] + b"\xff" + text[at:])
    with pytest.raises(InputError, match=r"instances\.json: not JSON: .* expected UTF-8"):
        read_coco(path)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        read_coco(tmp_path / "none.json")


def test_unknown_fields_keep_their_bytes(tmp_path: Path) -> None:
    data = samples.document()
    data["annotations"][0]["extra"] = {"a": [1.50, None, "ü"]}
    coco = read_coco(samples.write(tmp_path, data))
    assert json.loads(bytes(coco.annotations[0]))["extra"] == {"a": [1.5, None, "ü"]}


def test_lvis_files_are_named_by_their_url(tmp_path: Path) -> None:
    """LVIS v1 has no `file_name`; its images lie in COCO's folders."""
    url = "http://images.cocodataset.org/train2017/000000391895.jpg"
    sizes = {"height": 4, "width": 5}
    images = [{"id": 1, "coco_url": url, **sizes}, {"id": 2, "file_name": "own.png", **sizes}]
    path = tmp_path / "lvis.json"
    path.write_text(json.dumps({"images": images, "categories": [], "annotations": []}))
    found = read_coco(path).images
    assert found[1].file_name == "train2017/000000391895.jpg"
    assert found[2].file_name == "own.png"


CONTROLS = ["\n", "\r", "\t", "\x00", "\x1b", "\x7f", "\x85", "\u2028"]


@pytest.mark.parametrize("sign", CONTROLS)
@pytest.mark.parametrize("field", ["file_name", "coco_url"])
def test_names_of_images_are_of_one_line(tmp_path: Path, sign: str, field: str) -> None:
    data = samples.document()
    del data["images"][1]["file_name"]
    data["images"][1][field] = f"http://x/val2017/a{sign}b.png"
    with pytest.raises(
        InputError, match=r"^instances\.json: image 2: file_name .* control"
    ) as told:
        read_coco(samples.write(tmp_path, data))
    assert str(told.value).isprintable()


@pytest.mark.parametrize("sign", [sign for sign in CONTROLS if sign != "\x00"])
def test_names_of_annotation_files_are_of_one_line(tmp_path: Path, sign: str) -> None:
    path = samples.write(tmp_path, samples.document(), f"a{sign}b.json")
    with pytest.raises(InputError, match="control characters") as told:
        read_coco(path)
    assert str(told.value).isprintable()


def test_other_names_are_fine(tmp_path: Path) -> None:
    data = samples.document()
    data["images"][0]["file_name"] = "été, чат 'x' $(y)\u3000.png"
    assert len(read_coco(samples.write(tmp_path, data, "больница (1).json")).images) == 2


def test_more_categories_than_anybody_has_are_refused(tmp_path: Path) -> None:
    data = samples.document()
    data["categories"] = [{"id": i, "name": f"c{i}"} for i in range(1, 20_001)]
    assert len(read_coco(samples.write(tmp_path, data)).categories) == 20_000
    data["categories"].append({"id": 20_001, "name": "one more"})
    with pytest.raises(InputError, match=r"'categories' has 20001, expected at most 20000"):
        read_coco(samples.write(tmp_path, data))
