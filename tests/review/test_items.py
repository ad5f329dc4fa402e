"""Which suspects are shown, in what order, and what is said of them."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmark_n.benchmark import Benchmark
from benchmark_n.errors import InputError, UsageError
from benchmark_n.review import export_review, import_decisions
from benchmark_n.review.items import read_review
from benchmark_n.tables.scores import add_any, read_scores, scores_table, write_scores
from tests.review import samples
from tests.review.samples import row


def test_one_item_for_each_annotation_the_most_suspect_first(tmp_path: Path) -> None:
    review = samples.exported(tmp_path)
    assert [item.annotation_id for item in review.items] == [7, 9, 10, 8]
    seven, nine, ten, eight = review.items
    assert [(f.kind, f.score) for f in nine.flags] == [("spatial", 0.8), ("class", 0.5)]
    # What a detector does not flag is shown only where it brought the item in.
    assert [f.kind for f in seven.flags] == ["class"]
    assert [(f.kind, f.flagged) for f in eight.flags] == [("class", False)]
    assert (ten.proposal, ten.given, ten.suggested_category) == (True, None, 1)
    assert read_review(tmp_path / "review") == review


def test_scores_with_rows_of_kind_any_choose_the_same(tmp_path: Path) -> None:
    review = samples.exported(tmp_path)
    table = add_any(read_scores(tmp_path / "scores.parquet"))
    write_scores(table, tmp_path / "any.parquet")
    again = export_review(
        [tmp_path / "any.parquet"],
        "csv",
        tmp_path / "again",
        annotations=tmp_path / "instances.json",
    )
    assert [i.annotation_id for i in again.items] == [i.annotation_id for i in review.items]


def test_detectors_take_turns(tmp_path: Path) -> None:
    annotations = samples.source(tmp_path)
    a = samples.scores(tmp_path / "a.parquet", [row(7, "class", 0.9), row(8, "class", 0.8)], "a")
    rows = [row(9, "spatial", 0.2, image_id=2), row(7, "spatial", 0.1)]
    b = samples.scores(tmp_path / "b.parquet", rows, "b")
    review = export_review([a, b], "csv", tmp_path / "out", annotations=annotations)
    assert [item.annotation_id for item in review.items] == [7, 9, 8]
    assert [(f.detector, f.kind) for f in review.items[0].flags] == [
        ("a", "class"),
        ("b", "spatial"),
    ]
    assert [item.crop for item in review.items] == [None] * 3
    with pytest.raises(InputError, match="a second scores file of detector 'a'"):
        export_review([a, a], "csv", tmp_path / "other", annotations=annotations)


def test_an_annotation_of_three_kinds_takes_one_place(tmp_path: Path) -> None:
    annotations = samples.source(tmp_path)
    rows = [row(7, kind, 0.9) for kind in ("class", "spatial", "spurious")]
    rows += [row(8, kind, 0.8) for kind in ("class", "spatial", "spurious")]
    table = samples.scores(tmp_path / "scores.parquet", [*rows, row(9, "class", 0.1, image_id=2)])
    review = export_review([table], "csv", tmp_path / "out", annotations=annotations, top=2)
    assert [item.annotation_id for item in review.items] == [7, 8]


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([row(5, "class", 0.9)], "annotation 5 of image 1 is not in instances.json"),
        ([row(7, "class", 0.9, image_id=2)], "annotation 7 of image 2 is not in"),
        ([row(None, "missing", 0.9)], "a missing instance of image 1 lacks its mask"),
        ([row(7, "any", 0.9)], "no scores of kind class, spatial or missing"),
    ],
)
def test_scores_that_do_not_fit(tmp_path: Path, rows: list[dict[str, object]], fault: str) -> None:
    annotations = samples.source(tmp_path)
    table = samples.scores(tmp_path / "scores.parquet", rows)
    with pytest.raises(InputError, match=fault):
        export_review([table], "cvat", tmp_path / "review", annotations=annotations)
    assert not (tmp_path / "review").exists()


def test_requests_that_make_no_sense(tmp_path: Path) -> None:
    samples.exported(tmp_path)
    with pytest.raises(InputError, match="review: the output exists already"):
        samples.exported(tmp_path)
    for options, fault in (
        ({"to": "csw"}, "did you mean 'csv'"),
        ({"top": 0}, "top is 0, expected 1 or more"),
        ({"benchmark": tmp_path}, "and not both"),
    ):
        settings = {"to": "csv", **options}
        with pytest.raises(UsageError, match=fault):
            export_review(
                [tmp_path / "scores.parquet"],
                out=tmp_path / "other",
                annotations=tmp_path / "instances.json",
                **settings,  # type: ignore[arg-type]
            )


def test_a_missing_image_leaves_nothing(tmp_path: Path) -> None:
    annotations = samples.source(tmp_path)
    table = samples.scores(tmp_path / "scores.parquet", samples.ROWS)
    (tmp_path / "b.png").unlink()
    with pytest.raises(InputError, match="1 of 2 images are missing"):
        export_review([table], "csv", tmp_path / "out", annotations=annotations, images=tmp_path)
    assert not (tmp_path / "out").exists()


def test_crops_show_both_outlines(tmp_path: Path) -> None:
    samples.exported(tmp_path)
    picture = cv2.imread(str(tmp_path / "review" / "crops" / "9.png"))
    assert picture is not None
    for bgr in ((0, 149, 255), (255, 200, 0)):  # orange is given, light blue suggested
        assert (picture == np.array(bgr)).all(axis=2).sum() > 50


def test_a_benchmark_reviewed_by_someone_who_knows_is_clean_again(
    scenes_hard: Benchmark, tmp_path: Path
) -> None:
    """Every wrong category is relabelled by the manifest; the result has the clean categories."""
    rows = scenes_hard.manifest().to_pylist()
    rows = [row for row in rows if not row["deleted"]]
    wrong = [row["category_id"] != row["noisy_category_id"] for row in rows]
    columns = {
        "annotation_id": [row["annotation_id"] for row in rows],
        "image_id": [row["image_id"] for row in rows],
        "kind": ["class"] * len(rows),
        "score": np.where(wrong, 0.9, 0.1),
        "flagged": wrong,
        "suggested_category": [row["category_id"] for row in rows],
    }
    write_scores(scores_table(columns, {"detector": "oracle"}), tmp_path / "scores.parquet")
    review = export_review(
        [tmp_path / "scores.parquet"],
        "csv",
        tmp_path / "review",
        benchmark=scenes_hard,
        top=sum(wrong),
    )
    assert all(item.crop for item in review.items)
    accepted = {item.annotation_id: {"decision": "accept"} for item in review.items}
    import_decisions(tmp_path / "review", samples.decide(tmp_path, accepted), who="oracle")
    truth = {row["annotation_id"]: row["category_id"] for row in rows}
    after = samples.corrected(tmp_path)["annotations"]
    assert {record["id"]: record["category_id"] for record in after} == truth
    noisy = json.loads(scenes_hard.annotations.read_text())["annotations"]
    for old, new in zip(noisy, after, strict=True):
        assert {**old, "category_id": 0} == {**new, "category_id": 0}


def test_ties_of_the_whole_have_the_tables_order(tmp_path: Path) -> None:
    annotations = samples.source(tmp_path)
    rows = [
        samples.row(8, "class", 0.5, category=2),
        samples.row(7, "class", 0.2, category=2),
        samples.row(7, "spurious", 0.6),
    ]
    table = samples.scores(tmp_path / "scores.parquet", rows)
    whole = [samples.row(identity, "any", 0.7) for identity in (8, 7)]
    samples.scores(table, [*rows, *whole])
    review = export_review([table], "csv", tmp_path / "out", annotations=annotations)
    assert [item.annotation_id for item in review.items] == [8, 7]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"flags": []}, r"length >= 1"),
        ({"suggested_segmentation": None}, "item 10 is a proposal and lacks its mask"),
        ({"suggested_category": None}, "item 10 is a proposal and lacks its mask"),
    ],
)
def test_items_that_say_too_little_are_one_line(
    tmp_path: Path, change: dict[str, object], fault: str
) -> None:
    samples.exported(tmp_path)
    path = tmp_path / "review" / "review.json"
    told = json.loads(path.read_text())
    (proposal,) = (item for item in told["items"] if item["proposal"])
    proposal |= change
    path.write_text(json.dumps(told))
    with pytest.raises(InputError, match=fault):
        read_review(tmp_path / "review")
