"""Categories found among a detector's by their names."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmark_n.errors import InputError
from benchmark_n.evidence.detections.categories import (
    CategoryMap,
    check_category_map,
    coco_names,
    map_categories,
    read_category_map,
)
from tests.conftest import shared_file

# https://host.robots.ox.ac.uk/pascal/VOC/voc2012: its twenty in their order.
VOC = [
    *("aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair"),
    *("cow", "diningtable", "dog", "horse", "motorbike", "person"),
    *("pottedplant", "sheep", "sofa", "train", "tvmonitor"),
]


def meant(names: list[str]) -> list[str | None]:
    coco = coco_names()
    columns = map_categories(names, coco).columns
    return [coco[one[0]] if one else None for one in columns]


def test_cocos_own_names_are_found_in_order() -> None:
    data = json.loads(shared_file("coco128/instances_coco128.json").read_text())
    names = [category["name"] for category in data["categories"]]
    assert tuple(names) == coco_names()
    assert map_categories(names, coco_names()).columns == tuple((i,) for i in range(80))


def test_torchvisions_places_are_found_and_its_blanks_are_not() -> None:
    models = pytest.importorskip("torchvision.models")
    told = models.get_model_weights("maskrcnn_resnet50_fpn").DEFAULT.meta["categories"]
    columns = map_categories(coco_names(), told).columns
    assert [told[one[0]] for one in columns] == list(coco_names())
    assert not map_categories(["N/A", "__background__"], told).known.any()


def test_every_category_of_voc_is_found() -> None:
    assert meant(VOC) == [
        *("airplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow"),
        *("dining table", "dog", "horse", "motorcycle", "person", "potted plant", "sheep"),
        *("couch", "train", "tv"),
    ]


def test_lvis_names_are_found_once_each() -> None:
    """Of COCO's kinds, LVIS has all but two among its 1,203 categories."""
    data = json.loads(shared_file("lvis_double/A.json").read_text())
    names = [category["name"] for category in data["categories"]]
    found = [name for name in meant(names) if name is not None]
    assert len(found) == len(set(found))
    assert set(coco_names()) - set(found) == {"hot dog", "potted plant"}
    assert meant(["mouse_(animal_rodent)", "bow-tie", "race_car", "orange_juice"]) == [None] * 4


def test_case_and_joints_do_not_matter() -> None:
    assert meant(["Traffic-Light", "TEDDY_BEAR", "Hot  Dog"]) == [
        *("traffic light", "teddy bear", "hot dog"),
    ]


def test_a_choice_goes_before_the_names() -> None:
    detector = ["car", "truck", "cat"]
    mapped = map_categories(
        ["vehicle", "cat", "car"], detector, {"vehicle": ["truck", "car"], "cat": []}
    )
    assert mapped.columns == ((0, 1), (), (0,))
    assert mapped.known.tolist() == [True, False, True]
    assert mapped.shared() == [(0, 2)]
    assert mapped.lacks(["vehicle", "cat", "car"]) == ["cat"]


def test_values_go_to_the_files_categories() -> None:
    mapped = CategoryMap(((0, 2), (), (3,), (3,)))
    values = np.array([[0.1, 0.9, 0.4, 0.2], [0.5, 0.9, 0.4, 0.0]], np.float16)
    expected = np.array([[0.4, 0, 0.2, 0.2], [0.5, 0, 0, 0]])
    np.testing.assert_allclose(mapped.spread(values), expected, atol=1e-3)
    assert mapped.labels(np.array([0, 1, 2, 3, 7])).tolist() == [0, -1, 0, 2, -1]
    assert CategoryMap(((), ())).labels(np.zeros(0, np.int64)).tolist() == []


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "map.yaml"
    path.write_text("vehicle: [car, truck]\nlamp:\nseat: chair\n")
    assert read_category_map(path) == {"vehicle": ["car", "truck"], "lamp": [], "seat": ["chair"]}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[car]", "expected names of categories with what they are"),
        ("seat: 3", "category 'seat' is 3, expected a name, a list or null"),
        ("seat: [chair, 3]", r"category 'seat' is \['chair', 3\], expected"),
        ("seat: [", "no category map"),
    ],
)
def test_other_files_are_one_line(text: str, line: str, tmp_path: Path) -> None:
    path = tmp_path / "map.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=line) as error:
        read_category_map(path)
    assert "\n" not in str(error.value)


def test_names_that_nobody_has_are_refused() -> None:
    with pytest.raises(InputError, match=r"no category 'seats': did you mean 'seat'\?"):
        check_category_map({"seats": []}, ["seat"], ["chair"])
    with pytest.raises(InputError, match=r"'seat': no detector has a category 'chairs'"):
        check_category_map({"seat": ["chairs"]}, ["seat"], ["chair"])
