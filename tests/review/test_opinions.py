"""What several models take a suspect for, counted and said in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from benchmark_n.review import SampleOptions, export_review
from benchmark_n.tables.scores import Opinion, with_opinions, with_words, write_scores
from tests.review import samples
from tests.samples import document, write

MODELS = ("a", "b", "c", "d", "e")


def _export(
    tmp_path: Path, opinions: dict[int, list[int]], rows: list[dict[str, Any]], **more: Any
) -> dict[int, list[str]]:
    """Item to its reasons; `opinions` are the categories that models a, b, … say, in turn."""
    path = samples.scores(tmp_path / "scores.parquet", rows)
    table = pq.read_table(path)
    said = [
        [
            Opinion(model=model, category=category)
            for model, category in zip(MODELS, opinions.get(row["annotation_id"], []), strict=False)
        ]
        for row in table.to_pylist()
    ]
    write_scores(with_opinions(table, said), path)
    source = write(tmp_path, document())
    export_review([path], "page", tmp_path / "review", annotations=source, **more)
    items = samples.page_data(tmp_path / "review")["items"]
    return {item["id"]: item["reasons"] for item in items}


@pytest.mark.parametrize(
    ("opinions", "said"),
    [
        ([2, 2, 1, 2, 2], "Looks like dog, not cat, to 4 of 5 models (a, b, d, e)."),
        ([2, 2], "Looks like dog, not cat, to 2 of 2 models (a, b)."),
        ([2], "Looks like dog, not cat, to cleanlab."),
        ([], "Looks like dog, not cat, to cleanlab."),
        # All of them together say what none of them says.
        ([1, 3], "Looks like dog, not cat, to cleanlab."),
    ],
)
def test_models_that_agree_are_counted(tmp_path: Path, opinions: list[int], said: str) -> None:
    rows = [samples.row(7, "class", 0.9, category=2)]
    assert _export(tmp_path, {7: opinions}, rows)[7][0] == said


def test_where_nothing_is_suggested_it_is_said_how_they_are_split(tmp_path: Path) -> None:
    rows = [samples.row(7, "class", 0.9), samples.row(8, "class", 0.8)]
    said = _export(tmp_path, {7: [1, 2, 1], 8: [1]}, rows)
    assert said[7][0] == "May not be cat: looks like cat to 2, like dog to 1 of 3 models."
    assert said[8][0] == "May not be dog."


def test_of_several_detectors_each_has_an_opinion(tmp_path: Path) -> None:
    """One that suggests nothing takes the annotation for what is given; one that is silent none."""
    suggested = {"one": 2, "two": None, "three": 2}
    paths = [
        samples.scores(
            tmp_path / f"{name}.parquet",
            [samples.row(7, "class", 0.9, flagged=category is not None, category=category)],
            name,
        )
        for name, category in suggested.items()
    ]
    paths.append(
        samples.scores(tmp_path / "x.parquet", [samples.row(7, "spatial", 0.9, mask=None)], "masks")
    )
    source = write(tmp_path, document())
    export_review(paths, "page", tmp_path / "review", annotations=source)
    (item,) = samples.page_data(tmp_path / "review")["items"]
    assert item["reasons"][0] == "Looks like dog, not cat, to 2 of 3 detectors (one, three)."


def test_words_of_detectors_are_said_and_stand_for_what_is_vague(tmp_path: Path) -> None:
    rows = [samples.row(7, "spatial", 0.9), samples.row(8, "spatial", 0.8)]
    path = samples.scores(tmp_path / "scores.parquet", rows)
    write_scores(
        with_words(pq.read_table(path), [["box mask: fills 100 % of its box"], None]), path
    )
    source = write(tmp_path, document())
    export_review([path], "page", tmp_path / "review", annotations=source)
    said = {i["id"]: i["reasons"] for i in samples.page_data(tmp_path / "review")["items"]}
    assert said == {
        7: ["Box mask: fills 100 % of its box.", "Flagged by cleanlab."],
        8: ["Its mask may be wrong.", "Flagged by cleanlab."],
    }
    mixed = SampleOptions(1, seed=1)
    export_review([path], "page", tmp_path / "hidden", annotations=source, top=1, sampling=mixed)
    assert "box mask" not in (tmp_path / "hidden" / "review.json").read_text()
    assert "ox mask" not in (tmp_path / "hidden" / "decide.html").read_text()


def test_hidden_items_tell_no_opinion(tmp_path: Path) -> None:
    rows = [samples.row(i, "class", 0.9 - i / 100, category=3, image_id=1) for i in (7, 8)]
    rows.append(samples.row(9, "class", 0.1, category=1, image_id=2, flagged=False))
    opinions = {7: [3, 3], 8: [3, 3], 9: [3, 1]}
    options = SampleOptions(audit_sample=1, seed=1)
    said = _export(tmp_path, opinions, rows, top=2, sampling=options)
    assert len(said) == 3
    assert "models" not in json.dumps(said)
    review = json.loads((tmp_path / "review" / "review.json").read_text())
    assert [item["opinions"] for item in review["items"]] == [[], [], []]
