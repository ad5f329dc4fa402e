"""Class confusion by a matrix: rates by chi-square, files, and what is wrong with them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy import stats
from sklearn.metrics import confusion_matrix

from benchmark_n.coco import Category, read_coco
from benchmark_n.errors import InputError
from benchmark_n.noise.base import NotApplied
from benchmark_n.noise.confusion_matrix import matrix_weights, normalised, read_matrix
from benchmark_n.noise.plan import decide
from benchmark_n.noise.recipe import load_recipe
from tests import making, samples

COUNTS = np.array([[60, 30, 10], [5, 95, 0], [20, 20, 60]])
NAMES = ("cat", "dog", "person")
CSV = "given," + ",".join(NAMES) + "\n"
CSV += "".join(f"{n},{','.join(map(str, row))}\n" for n, row in zip(NAMES, COUNTS, strict=True))
CATEGORIES = {i: Category(i, name) for i, name in enumerate(NAMES, 1)}


def many(folder: Path, count: int) -> Path:
    data = samples.document()
    records = [samples.annotation(i, 1, category_id=i % 3 + 1) for i in range(count)]
    return samples.write(folder, {**data, "annotations": records})


def recipe_file(folder: Path, matrix: object, probability: float = 1.0) -> Path:
    path = folder / "team.yaml"
    noise = {"probability": probability, "scope": "matrix", "matrix": matrix}
    path.write_text(json.dumps({"noises": {"class_confusion": noise}}))
    return path


@pytest.mark.parametrize("probability", [1.0, 0.4])
def test_categories_are_given_as_the_matrix_says(probability: float, tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(CSV)
    coco = read_coco(many(tmp_path, 6000))
    recipe = load_recipe(recipe_file(tmp_path, "m.csv", probability))
    found = confusion_matrix(coco.category_ids, decide(recipe, coco, 1).noisy_category_ids)
    shares = COUNTS / COUNTS.sum(axis=1, keepdims=True)
    expected = 2000 * (probability * shares + (1 - probability) * np.eye(3))
    for row, counts in zip(expected, found, strict=True):
        assert (counts[row == 0] == 0).all()
        assert stats.chisquare(counts[row > 0], row[row > 0]).pvalue > 1e-5


def test_json_and_csv_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("\ufeff" + CSV, encoding="utf-8")
    rows = {
        n: dict(zip(NAMES, row.tolist(), strict=True)) for n, row in zip(NAMES, COUNTS, strict=True)
    }
    (tmp_path / "m.json").write_text(json.dumps(rows))
    found = read_matrix(tmp_path / "m.csv")
    assert found == read_matrix(tmp_path / "m.json") == normalised(rows)
    assert found["dog"] == {"cat": 0.05, "dog": 0.95}
    assert normalised(found) == found
    thirds = normalised({"cat": {"cat": 1, "dog": 1, "person": 1}})
    assert normalised(thirds) == thirds


def test_a_benchmark_holds_the_rows_and_is_made_again_from_them(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(CSV)
    clean = many(tmp_path, 200)
    first = making.make(
        "custom", annotations=clean, recipe=recipe_file(tmp_path, "m.csv"), out=tmp_path / "a"
    )
    assert first.recipe["noises"]["class_confusion"]["matrix"] == read_matrix(tmp_path / "m.csv")
    assert first.recipe["provenance"]["class_confusion.matrix"] == "given (m.csv)"
    text = (first.path / "recipe.yaml").read_text()
    assert str(tmp_path) not in text
    (tmp_path / "m.csv").unlink()
    path = first.path / "recipe.yaml"
    again = making.make("custom", annotations=clean, recipe=path, out=tmp_path / "b")
    for name in ("annotations/instances.json", "SHA256SUMS"):
        assert (again.path / name).read_bytes() == (first.path / name).read_bytes()
    assert yaml.safe_load(text)["noises"]["class_confusion"]["scope"] == "matrix"


def test_a_setting_may_name_the_file(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(CSV)
    settings = {
        "class_confusion.scope": "matrix",
        "class_confusion.matrix": str(tmp_path / "m.csv"),
    }
    recipe = load_recipe("sym-20", overrides=settings)
    noise = recipe.to_dict()["noises"]["class_confusion"]
    assert noise["matrix"]["dog"] == {"cat": 0.05, "dog": 0.95}
    assert noise["probability"] == 0.2


def test_verified_absent_categories_and_rows_that_lack() -> None:
    weights = matrix_weights({"cat": {"dog": 0.5, "person": 0.5}}, CATEGORIES)
    assert {weights.pick(1, [], u) for u in (0.0, 0.49, 0.51, 1 - 2**-53)} == {2, 3}
    assert weights.pick(1, [2], 0.01) == 3
    with pytest.raises(NotApplied, match="no_other_category"):
        weights.pick(1, [2, 3], 0.5)
    with pytest.raises(NotApplied, match="no_row"):
        weights.pick(2, [], 0.5)


def test_namesakes_go_by_their_labels() -> None:
    twice = {**CATEGORIES, 4: Category(4, "cat")}
    with pytest.raises(InputError, match=r"row 'cat' is the name of 2 .*cat \(1\), cat \(4\)"):
        matrix_weights({"cat": {"dog": 1.0}}, twice)
    assert matrix_weights({"cat (4)": {"dog": 1.0}}, twice).pick(4, [], 0.5) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: expected the names of categories"),
        ("x,cat,cat\ncat,1,2\n", "line 1: expected the names of categories, each once"),
        ("x,cat,dog\ncat,1\n", r"m\.csv: row 'cat' has 1 numbers, expected one row of 2"),
        ("x,cat,dog\ncat,1,2\ncat,1,2\n", "row 'cat' occurs twice"),
        ("x,cat,dog\ncat,1,many\n", "row 'cat': 'many' is no number"),
        ("x,cat,dog\ncat,1,-2\n", r"row 'cat', column 'dog' is -2\.0, expected a finite"),
        ("x,cat,dog\ncat,1,nan\n", "row 'cat', column 'dog' is nan"),
        ("x,cat,dog\ncat,0,0\n", "row 'cat' adds to 0, expected more than 0"),
        ("x,cat,dog\n", "no row, expected one for each category"),
        ('{"cat": [1]}', "not a confusion matrix: Expected `object`"),
        ("{", "not a confusion matrix"),
        ("x,cat,dog\ncat,1,2\ndgo,1,2\n", "row 'dgo' is the name of 0 .*did you mean 'dog'"),
        ("x,cat,dgo\ncat,1,2\n", "row 'cat': column 'dgo' is the name of 0 .*did you mean 'dog'"),
    ],
)
def test_faults_of_a_file_are_named(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(text)
    coco = read_coco(many(tmp_path, 3))
    with pytest.raises(InputError, match=message):
        decide(load_recipe(recipe_file(tmp_path, "m.csv")), coco, 1)


def test_faults_of_a_recipe_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read the confusion matrix: No such file"):
        load_recipe(recipe_file(tmp_path, "none.csv"))
    with pytest.raises(InputError, match="expected rows for scope matrix, and none for others"):
        load_recipe(recipe_file(tmp_path, None))
    wide = {f"name {i}": {f"name {k}": 1 for k in range(100)} for i in range(100)}
    with pytest.raises(InputError, match="10000 entries above 0 are too many for a recipe"):
        load_recipe(recipe_file(tmp_path, wide))
    eighty = {f"name {i:05}": {f"name {k:05}": 1 / (k + 1) for k in range(78)} for i in range(78)}
    path = tmp_path / "long.yaml"
    noises = load_recipe(recipe_file(tmp_path, eighty)).to_dict()["noises"]
    path.write_text(yaml.safe_dump({"noises": noises}))
    assert load_recipe(path).to_dict()["noises"] == noises
