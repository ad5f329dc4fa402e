"""``decisions.json``: what is taken, what is refused and how that is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from benchmark_n.errors import InputError
from benchmark_n.review import (
    OutputOptions,
    decisions_file,
    export_review,
    import_decisions,
    judge,
)
from benchmark_n.review.items import read_review
from benchmark_n.review.reading import read_decisions
from tests.review import samples

ROOT = Path(__file__).parents[2]


@pytest.fixture
def review(tmp_path: Path) -> Path:
    samples.exported(tmp_path, "page")
    return tmp_path / "review"


ALL = [
    {"annotation_id": 7, "decision": "accept", "why": "a dog"},
    {"annotation_id": 9, "decision": "accept"},
    {"annotation_id": 10, "decision": "keep"},
    {"annotation_id": 8, "decision": "relabel", "category": "person", "ms": 900},
]


def test_decisions_reach_the_corrected_file_and_the_trail(review: Path, tmp_path: Path) -> None:
    before = json.loads((tmp_path / "instances.json").read_text())
    done = import_decisions(review, samples.page_file(review, ALL))
    assert (done.actions, done.undecided) == ({"accept": 2, "keep": 1, "relabel": 1}, 0)
    after = samples.corrected(tmp_path)
    assert [one["category_id"] for one in after["annotations"]] == [2, 3, 3]
    assert after["annotations"][2]["area"] == 60  # of the suggested mask
    assert after["annotations"][0] == {**before["annotations"][0], "category_id": 2}
    trail = {one["annotation_id"]: one for one in samples.audit(tmp_path)}
    assert {i: (one["who"], one["ms"], one["why"]) for i, one in trail.items()} == {
        7: ("anna", 1500, "a dog"),
        9: ("anna", 1500, ""),
        10: ("anna", 1500, ""),
        8: ("anna", 900, ""),
    }
    assert judge(review).decided == 4


def test_a_later_file_of_the_page_holds_the_earlier_decisions_as_well(
    review: Path, tmp_path: Path
) -> None:
    import_decisions(review, samples.page_file(review, ALL[:2]))
    again = samples.page_file(review, ALL, "decisions (1).json")
    done = import_decisions(review, again)
    assert (done.actions, done.repeated, done.undecided) == ({"keep": 1, "relabel": 1}, 2, 0)
    assert len(samples.audit(tmp_path)) == 4
    with pytest.raises(InputError, match="was imported already"):
        import_decisions(review, again)
    changed = [{**ALL[0], "decision": "keep", "when": "2026-03-01"}]
    with pytest.raises(InputError, match="annotation 7 is decided already: accept by anna, 2026-"):
        import_decisions(review, samples.page_file(review, changed, "other.json"))


@pytest.mark.parametrize(
    ("one", "fault"),
    [
        ({"decision": "remov"}, "decision 1, annotation 7: Invalid enum value 'remov' - at"),
        ({"ms": -1}, "annotation 7: Expected `int` >= 0 - at `$.ms`"),
        ({"ms": "3"}, "annotation 7: Expected `int`, got `str` - at `$.ms`"),
        ({"who": ""}, "annotation 7: Expected `str` of length >= 1 - at `$.who`"),
        ({"segmentation": []}, "annotation 7: Object contains unknown field `segmentation`"),
        ({"annotation_id": "7"}, "annotation '7': Expected `int`, got `str`"),
        ({"annotation_id": 77}, "annotation 77 is not under review"),
        ({"decision": "relabel"}, "annotation 7: relabel with no category, expected a category"),
        ({"category": "dog"}, "annotation 7: keep with category 'dog', expected a category with"),
        ({"decision": "relabel", "category": "emu"}, "category 'emu' is not in the file"),
        ({"decision": "relabel", "category": "cat"}, "it changes nothing, expected another"),
        ({"when": "noon"}, "annotation 7: when is 'noon', expected a date and time"),
    ],
)
def test_what_is_no_decision_is_refused_in_a_line(
    review: Path, one: dict[str, Any], fault: str
) -> None:
    path = samples.page_file(review, [{"annotation_id": 7, **one}])
    with pytest.raises(InputError) as caught:
        import_decisions(review, path)
    assert fault in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (review / "audit.jsonl").exists()
    assert not (review / "corrected.json").exists()


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"version": 2}, "decisions.json: version is 2, expected 1"),
        ({"source_sha256": "a" * 64}, "they are of another file than instances.json"),
        ({"run_sha256": "b" * 64}, "run SHA-256 is bbbbbbbbbbbb…, expected "),
        ({"run_sha256": "x"}, "no decisions of the page: Expected `str` matching regex"),
        ({"decisions": {}}, "no decisions of the page: Expected `array`, got `object`"),
        ({"reviewer": "b"}, "Object contains unknown field `reviewer`"),
    ],
)
def test_another_file_or_run_is_refused(review: Path, changes: dict[str, Any], fault: str) -> None:
    path = samples.page_file(review, ALL, **changes)
    with pytest.raises(InputError) as caught:
        import_decisions(review, path)
    assert fault in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (review / "audit.jsonl").exists()


def test_a_run_is_what_was_shown_and_not_when(tmp_path: Path, review: Path) -> None:
    run = samples.page_data(review)["run_sha256"]
    table = samples.scores(tmp_path / "more.parquet", samples.ROWS)
    more: dict[str, Any] = {"annotations": tmp_path / "instances.json", "images": tmp_path}
    same = export_review([table], "page", tmp_path / "same", guideline="v3", **more)
    assert decisions_file.run_digest(same) == run
    assert decisions_file.run_digest(read_review(tmp_path / "same")) == run
    others = [
        export_review([table], "page", tmp_path / "v4", guideline="v4", **more),
        export_review([table], "page", tmp_path / "three", guideline="v3", top=3, **more),
    ]
    assert run not in {decisions_file.run_digest(other) for other in others}
    with pytest.raises(InputError, match="of another list of suspects of this file"):
        import_decisions(tmp_path / "three", samples.page_file(review, ALL))


def test_the_page_that_is_told_of_is_replaced_until_decisions_are_imported(
    tmp_path: Path, review: Path
) -> None:
    table = samples.scores(tmp_path / "more.parquet", samples.ROWS)
    more: dict[str, Any] = {"annotations": tmp_path / "instances.json", "images": tmp_path}
    again = OutputOptions(overwrite=True)
    export_review([table], "page", review, output=again, top=2, **more)
    assert len(samples.page_data(review)["items"]) == 2
    import_decisions(review, samples.page_file(review, ALL[:1]))
    with pytest.raises(InputError, match=r"holds audit\.jsonl, which no earlier result wrote"):
        export_review([table], "page", review, output=again, **more)
    export_review([table], "csv", tmp_path / "csv", **more)
    with pytest.raises(InputError, match=r"holds decisions\.csv, which no earlier result wrote"):
        export_review([table], "page", tmp_path / "csv", output=again, **more)


def test_the_published_schema_is_that_of_the_format() -> None:
    text = (ROOT / "docs" / "decisions.schema.json").read_text(encoding="utf-8")
    assert json.loads(text) == decisions_file.schema()


def test_the_time_of_each_decision_is_read(review: Path) -> None:
    read = read_decisions(samples.page_file(review, ALL), read_review(review))
    assert [decision.ms for decision in read.decisions] == [1500, 1500, 1500, 900]


def test_what_says_that_it_is_such_a_file_is_read_as_one(review: Path) -> None:
    path = review.parent / "decisions.json"
    path.write_bytes(msgspec.json.encode({"format": decisions_file.FORMAT, "version": "1"}))
    with pytest.raises(InputError, match="version is '1', expected 1"):
        import_decisions(review, path)
