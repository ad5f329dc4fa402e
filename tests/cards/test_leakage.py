"""The card's leak audit: kept, told, checked again, and a fault where something leaks unmarked."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark_n import Benchmark, import_pair
from benchmark_n.benchmark import layout
from benchmark_n.cards import leakage
from benchmark_n.cards.card import README, write_card
from benchmark_n.cards.check import check_card
from benchmark_n.cards.leakage import LEAKAGE
from benchmark_n.cards.leakage_table import leakage_rows
from benchmark_n.coco import read_coco
from benchmark_n.evaluators.leakage.audit import audit
from benchmark_n.evaluators.leakage.records import COLUMNS, published_input
from benchmark_n.files.json_yaml import read_json
from tests import making

_PER_IMAGE = 8


def crowded(images: int = 120, **fields: Any) -> dict[str, Any]:
    """Squares of two categories with ids in random order; `fields` of image and number, each."""
    random = np.random.default_rng(0)
    count = images * _PER_IMAGE
    ids = random.choice(1 << 50, count, replace=False)
    annotations = []
    for k, identity in enumerate(ids.tolist()):
        x, y = 5 + 30 * (k % 4), 5 + 30 * (k // 4 % 2)
        square = [[x, y, x + 20, y, x + 20, y + 20, x, y + 20]]
        record = making.annotation(
            identity, k // _PER_IMAGE, category_id=1 + int(random.random() < 0.5)
        )
        record |= {"segmentation": square, "bbox": [x, y, 20, 20], "area": 400}
        annotations.append(record | {name: make(record) for name, make in fields.items()})
    annotations.sort(key=lambda record: record["id"])
    return {
        "images": [{"id": i, "width": 130, "height": 70} for i in range(images)],
        "annotations": annotations,
        "categories": [
            {"id": 1, "name": "cat", "supercategory": "animal"},
            {"id": 2, "name": "dog", "supercategory": "animal"},
        ],
    }


def made(tmp_path: Path, document: dict[str, Any], **options: Any) -> Benchmark:
    path = making.write(tmp_path, document)
    return making.make(
        "custom", "hard", annotations=path, out=tmp_path / "made", workers=1, **options
    )


def test_the_summary_has_the_audit(scenes_hard: Benchmark) -> None:
    kept = read_json(scenes_hard.path / layout.SUMMARY, "summary", dict[str, Any])["leakage"]
    found = audit(*published_input(scenes_hard.manifest(list(COLUMNS)), scenes_hard.noisy()))
    assert kept == json.loads(json.dumps(found.to_dict()))
    assert kept["tests"] == len(found.tests) > 20


def test_a_clean_file_passes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        b = made(tmp_path, crowded())
    assert b.summary["leakage"]["failed"] == []
    assert "tells of" not in caplog.text


@pytest.mark.parametrize("form", ["make", "import"])
def test_a_passed_field_is_warned_of(
    form: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A field that goes out with the records and holds the clean category, in one line."""
    names = {1: "cat", 2: "dog"}
    document = crowded(category_name=lambda record: names[record["category_id"]])
    with caplog.at_level(logging.WARNING):
        if form == "make":
            b = made(tmp_path, document)
        else:
            clean = making.write(tmp_path, document, "clean.json")
            random = np.random.default_rng(1)
            for record in document["annotations"]:
                if random.random() < 0.2:
                    record["category_id"] = 3 - record["category_id"]
            noisy = making.write(tmp_path, document, "noisy.json")
            b = import_pair(clean, noisy, out=tmp_path / "imported")
    failed = b.summary["leakage"]["failed"]
    assert {test["family"] for test in failed} == {"fields"}
    lines = [r.getMessage() for r in caplog.records if "tells of class error" in r.getMessage()]
    assert len(lines) == 1
    assert "category_name names a category" in lines[0]
    assert "leave the field out" in lines[0]
    write_card(b)
    faults = check_card(b)
    assert faults
    assert all("category_name" in fault and "\n" not in fault for fault in faults)
    assert "| **leak** |" in (b.path / README).read_text(encoding="utf-8")


def test_the_table_tells_marked_from_unmarked(carded: Benchmark) -> None:
    told = audit(*published_input(carded.manifest(list(COLUMNS)), carded.noisy())).to_dict()
    failed = {**told["families"]["holes"], "fails": True, "p_holm": 0.0}
    told["families"]["holes"] = failed
    for marks, verdict in ((["ids"], "tells, and is marked for it"), ([], "**leak**")):
        rows = leakage_rows({"marked": marks, "audit": told, "labels": None})
        assert [row["verdict"] for row in rows if row["test"].startswith("holes")] == [verdict]


def test_unmarked_leaks_are_faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = crowded()
    for number, record in enumerate(sorted(document["annotations"], key=lambda r: r["image_id"])):
        record["id"] = number + 1
    b = made(tmp_path, document)
    for marks, faulty in ((("ids",), False), (("counts", "fields"), True), ((), True)):
        monkeypatch.setattr(Benchmark, "leaks", marks)
        write_card(b)
        faults = check_card(b)
        assert bool(faults) is faulty, faults
        assert all("holes between the ids" in f or "tells of" in f for f in faults)


def test_changed_figures_are_found(copied: Benchmark) -> None:
    coco, path = copied.noisy(), copied.path / LEAKAGE
    kept = json.loads(path.read_text())
    assert leakage.leakage_faults(copied, coco, copied.path) == []
    row = next(row for row in kept["labels"] if row["auroc"] is not None)
    row["auroc"] += 0.2
    path.write_text(json.dumps(kept))
    assert "measured now" in leakage.leakage_faults(copied, coco, copied.path)[0]
    path.write_text(json.dumps({**kept, "labels": [{"target": 1}]}))
    assert "not the figures" in leakage.leakage_faults(copied, coco, copied.path)[0]
    path.write_text(json.dumps({**kept, "labels": None, "marked": ["fields"]}))
    assert "not what the audit" in leakage.leakage_faults(copied, coco, copied.path)[0]
    path.unlink()
    assert leakage.leakage_faults(copied, coco, copied.path) == [
        f"{LEAKAGE}: missing: write the card again"
    ]


def test_a_card_without_the_extra_says_so(
    carded: Benchmark, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And one that was written with it is the same, byte for byte, where it is not installed."""
    monkeypatch.setitem(sys.modules, "sklearn", None)
    assert check_card(carded) == []
    write_card(carded, tmp_path)
    text = (tmp_path / README).read_text(encoding="utf-8")
    assert "was not measured (needs `pip install 'benchmark-n[detect]'`)" in text
    assert "the noise's own nature" not in text
    monkeypatch.undo()
    assert check_card(carded, tmp_path) == []


def test_the_audit_reads_the_published_file(tmp_path: Path) -> None:
    """Ids, categories and deletions are those of the two files, read by plain JSON."""
    b = made(tmp_path, crowded(20))
    published, truth = published_input(b.manifest(list(COLUMNS)), b.noisy())
    records = json.loads(b.annotations.read_text())["annotations"]
    source = {
        r["id"]: r for r in json.loads((tmp_path / "instances.json").read_text())["annotations"]
    }
    assert published.ids.tolist() == [r["id"] for r in records]
    assert published.category_ids.tolist() == [r["category_id"] for r in records]
    wrong = [r["category_id"] != source[r["id"]]["category_id"] for r in records]
    assert truth.class_error.tolist() == wrong
    assert set(truth.deleted_ids.tolist()) == set(source) - {r["id"] for r in records}
    assert read_coco(b.annotations).annotation_ids.tolist() == published.ids.tolist()
