"""Whose suggestion is whose, and which may be accepted together."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from benchmark_n.review import FORMATS, export_review
from benchmark_n.review.items import Item, read_review
from tests.review import samples
from tests.review.samples import SUGGESTED, row

OTHER = {"size": [60, 50], "counts": [610, 30, 30, 30, 2300]}
SPATIAL: dict[str, Any] = {"image_id": 2, "mask": SUGGESTED}


def nine(
    folder: Path, tables: dict[str, list[dict[str, Any]]], to: str = "csv"
) -> tuple[Item, Path]:
    """Annotation 9 (a person of image 2) as these detectors' rows show it, and the review."""
    annotations = samples.source(folder)
    paths = [
        samples.scores(folder / f"{name}.parquet", rows, name) for name, rows in tables.items()
    ]
    review = export_review(paths, to, folder / "review", annotations=annotations, images=folder)
    assert read_review(folder / "review") == review
    return next(item for item in review.items if item.annotation_id == 9), folder / "review"


def told(item: Item) -> tuple[Any, Any, Any, Any]:
    """Category and who says so, whether there is a mask and who drew it."""
    by = [flag and (flag.detector, flag.kind) for flag in (item.category_by, item.mask_by)]
    return item.suggested_category, by[0], item.suggested_segmentation is not None, by[1]


CLASS_A, MASK_B = ("a", "class"), ("b", "spatial")
CASES: dict[str, tuple[dict[str, list[dict[str, Any]]], tuple[Any, ...]]] = {
    "another detector's mask of the given category": (
        {
            "a": [row(9, "class", 0.9, image_id=2, category=2)],
            "b": [row(9, "spatial", 0.8, **SPATIAL)],
        },
        (2, CLASS_A, False, None),
    ),
    "another detector's mask of the suggested category": (
        {
            "a": [row(9, "class", 0.9, image_id=2, category=2)],
            "b": [row(9, "spatial", 0.8, category=2, **SPATIAL)],
        },
        (2, CLASS_A, True, MASK_B),
    ),
    "another detector that suggests the same category": (
        {
            "a": [row(9, "class", 0.9, image_id=2, category=2)],
            "b": [
                row(9, "class", 0.3, image_id=2, category=2),
                row(9, "spatial", 0.8, **SPATIAL),
            ],
        },
        (2, CLASS_A, True, MASK_B),
    ),
    "another detector's mask of a third category": (
        {
            "a": [row(9, "class", 0.9, image_id=2, category=2)],
            "b": [row(9, "spatial", 0.8, category=1, **SPATIAL)],
        },
        (2, CLASS_A, False, None),
    ),
    "a mask leads, the category of another does not follow": (
        {
            "b": [row(9, "spatial", 0.8, **SPATIAL)],
            "a": [row(9, "class", 0.9, image_id=2, category=2)],
        },
        (None, None, True, MASK_B),
    ),
    "one detector's own category and mask": (
        {
            "b": [
                row(9, "class", 0.9, image_id=2, category=2),
                row(9, "spatial", 0.8, **SPATIAL),
            ]
        },
        (2, ("b", "class"), True, MASK_B),
    ),
    "a flag without a suggestion, and another detector's mask": (
        {"a": [row(9, "class", 0.9, image_id=2)], "b": [row(9, "spatial", 0.8, **SPATIAL)]},
        (None, None, True, MASK_B),
    ),
    "the given category as the suggested one is none": (
        {
            "a": [row(9, "class", 0.9, image_id=2, category=3)],
            "b": [row(9, "spatial", 0.8, **SPATIAL)],
        },
        (None, None, True, MASK_B),
    ),
}


@pytest.mark.parametrize("case", list(CASES))
def test_what_may_be_accepted_together(tmp_path: Path, case: str) -> None:
    tables, expected = CASES[case]
    item, _ = nine(tmp_path, tables)
    assert told(item) == expected


def test_the_most_suspect_mask_is_the_one(tmp_path: Path) -> None:
    rows = {
        "a": [row(9, "spatial", 0.4, **SPATIAL)],
        "b": [row(9, "spatial", 0.9, image_id=2, mask=OTHER)],
    }
    item, _ = nine(tmp_path, rows)
    assert told(item) == (None, None, True, ("a", "spatial"))
    assert item.mask_by is not None
    assert item.mask_by.score == 0.4


def test_a_proposal_names_its_detector(tmp_path: Path) -> None:
    review = samples.exported(tmp_path)
    proposal = next(item for item in review.items if item.proposal)
    assert told(proposal) == (1, ("cleanlab", "missing"), True, ("cleanlab", "missing"))


def texts(to: str, review: Path) -> dict[str, str]:
    """What the tool shows of annotation 9."""
    if to == "csv":
        with (review / "decisions.csv").open(encoding="utf-8", newline="") as file:
            return next(one for one in csv.DictReader(file) if one["annotation_id"] == "9")
    if to == "cvat":
        shapes = ElementTree.parse(review / "annotations.xml").getroot().iter("mask")
        found = (
            {one.attrib["name"]: one.text or "" for one in s.iter("attribute")} for s in shapes
        )
        return next(one for one in found if one["annotation_id"] == "9")
    if to == "fiftyone":
        records = json.loads((review / "labels.json").read_text())["annotations"]
        return next(r["attributes"] for r in records if r["attributes"]["annotation_id"] == 9)
    if to == "page":
        items = samples.page_data(review)["items"]
        (category, mask) = next(one["reasons"] for one in items if one["id"] == 9)[:2]
        by = re.fullmatch(r"Looks like dog, not person, to (\w+)\.", category)
        drawn = re.match(r"(\w+) suggests another mask", mask)
        assert by is not None
        assert drawn is not None
        told = next(one for one in items if one["id"] == 9)
        return {
            "detector": told["detector"],
            "category_detector": by[1],
            "mask_detector": drawn[1],
        }
    tasks = json.loads((review / "tasks.json").read_text())
    return next(task["data"] for task in tasks if task["data"]["annotation_id"] == 9)


@pytest.mark.parametrize("to", FORMATS)
def test_every_format_names_the_detector_of_each_suggestion(tmp_path: Path, to: str) -> None:
    rows = {
        "a": [row(9, "class", 0.9, image_id=2, category=2)],
        "b": [row(9, "spatial", 0.8, category=2, **SPATIAL)],
    }
    _, review = nine(tmp_path, rows, to)
    shown = texts(to, review)
    assert (shown["detector"], shown["category_detector"], shown["mask_detector"]) == (
        "a",
        "a",
        "b",
    )


def test_label_studio_credits_who_suggests(tmp_path: Path) -> None:
    rows = {
        "a": [row(9, "class", 0.9, image_id=2)],
        "b": [row(9, "spatial", 0.8, **SPATIAL)],
    }
    _, review = nine(tmp_path, rows, "labelstudio")
    (task,) = json.loads((review / "tasks.json").read_text())
    assert (
        "given person, suggested another mask by b (class, score 0.900, a)" in task["data"]["about"]
    )
    assert [one["model_version"] for one in task["predictions"]] == ["given"]
