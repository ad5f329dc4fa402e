"""Noises restricted to categories and image fields."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark_n.coco import CocoFile
from benchmark_n.coco.read import parse_coco
from benchmark_n.errors import InputError
from benchmark_n.noise.plan import decide
from benchmark_n.noise.recipe import load_recipe, recipe_names
from benchmark_n.noise.where import matching

COUNT = 600


@pytest.fixture(scope="module")
def hearts() -> CocoFile:
    names = ["left_ventricle", "myocardium", "left_atrium"]
    document = {
        "images": [
            {"id": i, "height": 9, "width": 9, "instant": ("ED", "ES")[i % 2], "age": i % 5 or None}
            for i in range(200)
        ],
        "annotations": [
            {
                "id": i,
                "image_id": i // 3,
                "category_id": i % 3 + 1,
                "iscrowd": int(i == 3),
                "segmentation": [[1, 1, 5, 1, 5, 5]],
            }
            for i in range(COUNT)
        ],
        "categories": [{"id": i, "name": name} for i, name in enumerate(names, start=1)],
    }
    return parse_coco(json.dumps(document).encode(), Path("hearts.json"))


def brute_force(coco: CocoFile, where: dict[str, list[Any]]) -> list[bool]:
    images = {image["id"]: image for image in coco.section("images")}
    names = {category["id"]: category["name"] for category in coco.section("categories")}
    return [
        all(
            (
                names[record["category_id"]]
                if key == "category"
                else images[record["image_id"]].get(key)
            )
            in values
            for key, values in where.items()
        )
        for record in coco.records()
    ]


@pytest.mark.parametrize(
    "where",
    [
        {},
        {"category": ["left_atrium"]},
        {"instant": ["ES"]},
        {"category": ["left_ventricle", "myocardium"], "instant": ["ED"], "age": [1, 2]},
    ],
)
def test_as_a_loop_over_the_records(hearts: CocoFile, where: dict[str, list[Any]]) -> None:
    assert matching(where, hearts).tolist() == brute_force(hearts, where)


def test_camus_recipes_touch_the_ventricle_alone(hearts: CocoFile) -> None:
    decisions = decide(load_recipe("camus-mid"), hearts, seed=1)
    ventricle = (hearts.category_ids == 1) & ~hearts.crowd
    systole = hearts.image_ids % 2 == 1
    assert (decisions.drawn["localization"] == ventricle).all()
    assert (decisions.drawn["scale"] == (ventricle & systole)).all()
    assert not decisions.deleted.any()
    assert (decisions.noisy_category_ids == hearts.category_ids).all()


def test_unrestricted_recipes_say_nothing_of_it(hearts: CocoFile) -> None:
    for name in recipe_names():
        recipe = load_recipe(name)
        assert ("where" in recipe.to_dict()) == name.startswith("camus-")


def test_a_restriction_moves_no_draw(hearts: CocoFile, tmp_path: Path) -> None:
    plain = tmp_path / "plain.yaml"
    plain.write_text("noises: {shift: {probability: .5, distance: 2}}\n")
    narrow = tmp_path / "narrow.yaml"
    narrow.write_text(plain.read_text() + "where: {shift: {instant: [ES]}}\n")
    drawn = [decide(load_recipe(path), hearts, 4).drawn["shift"] for path in (plain, narrow)]
    assert (drawn[1] == (drawn[0] & (hearts.image_ids % 2 == 1))).all()
    assert np.count_nonzero(drawn[1]) > 50


def test_images_by_their_ids(hearts: CocoFile) -> None:
    ids = sorted(hearts.images)[:2]
    assert matching({"id": [*ids, "x"]}, hearts).tolist() == [
        image in ids for image in hearts.image_ids.tolist()
    ]


def test_recipe_files_round_trip(tmp_path: Path) -> None:
    import yaml

    recipe = load_recipe("camus-low")
    path = tmp_path / "copy.yaml"
    path.write_text(yaml.safe_dump(recipe.to_dict()))
    assert load_recipe(path).to_dict() == recipe.to_dict()
    assert "scale" not in load_recipe("camus-low", only=["localization"]).to_dict()["where"]


def test_what_the_file_lacks(hearts: CocoFile) -> None:
    with pytest.raises(InputError, match=r"category 'ventricle', which the file lacks: did you"):
        matching({"category": ["ventricle"]}, hearts)
    with pytest.raises(InputError, match="field 'phase' of the images, which none of them has"):
        matching({"phase": ["ES"]}, hearts)
    for name in ('a"b\\', "</script>", "\n", "value"):
        with pytest.raises(InputError, match="which none of them has"):
            matching({name: ["ES"]}, hearts)


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("{shfit: {instant: [ES]}}", "did you mean 'shift'"),
        ("{shift: ES}", "where.shift is 'ES', expected lists of values"),
        ("{shift: {instant: ES}}", "expected lists of values"),
        ("{shift: {instant: []}}", "expected lists of values"),
    ],
)
def test_bad_restrictions(tmp_path: Path, where: str, message: str) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(f"noises: {{shift: {{probability: .5, distance: 2}}}}\nwhere: {where}\n")
    with pytest.raises(InputError, match=message):
        load_recipe(path)
