"""The card's leak audit: kept, told, checked again, and a fault where something leaks unmarked."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from benchmark_n import Benchmark, import_pair
from benchmark_n.benchmark import layout
from benchmark_n.cards import leakage
from benchmark_n.cards.card import README, write_card
from benchmark_n.cards.check import check_card
from benchmark_n.cards.leakage import LEAKAGE
from benchmark_n.cards.leakage_table import leakage_rows
from benchmark_n.evaluators.leakage.audit import Audit, audit
from benchmark_n.evaluators.leakage.records import COLUMNS, published_input
from benchmark_n.files.json_yaml import read_json
from tests import making, samples
from tests.evaluators.leakage_samples import NAMES, world


def planted(family: str) -> Audit:
    """The audit of arrays with one leak, whatever the benchmark publishes."""
    w = world(1, images=200)
    if family == "holes":
        return audit(*w.publish(np.arange(len(w.clean)) + 1))
    names = {"category_name": [NAMES[c] for c in w.clean.tolist()]}
    return audit(*w.publish(fields=names))


def test_the_summary_has_the_audit(scenes_hard: Benchmark) -> None:
    kept = read_json(scenes_hard.path / layout.SUMMARY, "summary", dict[str, Any])["leakage"]
    found = audit(*published_input(scenes_hard.manifest(list(COLUMNS)), scenes_hard.noisy()))
    assert kept == json.loads(json.dumps(found.to_dict()))
    assert kept["tests"] == len(found.tests) > 20


@pytest.mark.parametrize("form", ["make", "import"])
def test_a_leak_is_warned_of_in_one_line(
    form: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmark_n.generation.leakage.audit", lambda *_: planted("fields"))
    path = samples.write(tmp_path, samples.document())
    with caplog.at_level(logging.WARNING):
        if form == "make":
            b = making.make("custom", "hard", annotations=path, out=tmp_path / "b", workers=1)
        else:
            b = import_pair(path, path, out=tmp_path / "b")
    assert {test["family"] for test in b.summary["leakage"]["failed"]} == {"fields"}
    lines = [r.getMessage() for r in caplog.records if "tells of class error" in r.getMessage()]
    assert len(lines) == 1
    assert "fields: category_name names a category tells of class error: AUROC 1.00" in lines[0]
    assert "leave the field out" in lines[0]


def test_a_small_file_without_leaks_is_not_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = samples.write(tmp_path, samples.document())
    with caplog.at_level(logging.WARNING):
        b = making.make("custom", "hard", annotations=path, out=tmp_path / "b", workers=1)
    assert b.summary["leakage"]["failed"] == []
    assert "tells of" not in caplog.text


def test_the_table_tells_marked_from_unmarked(carded: Benchmark) -> None:
    told = audit(*published_input(carded.manifest(list(COLUMNS)), carded.noisy())).to_dict()
    told["families"]["ids"] |= {"fails": True, "p_holm": 0.0}
    for marks, verdict in ((["ids"], "tells, and is marked for it"), ([], "**leak**")):
        rows = leakage_rows({"marked": marks, "audit": told, "labels": None})
        assert [row["verdict"] for row in rows if row["test"].startswith("ids")] == [verdict]


def test_unmarked_leaks_are_faults(copied: Benchmark, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leakage, "_audited", lambda *_: planted("holes"))
    for marks, faulty in ((("ids",), False), (("counts", "fields"), True), ((), True)):
        monkeypatch.setattr(Benchmark, "leaks", marks)
        write_card(copied)
        faults = check_card(copied)
        assert bool(faults) is faulty, faults
        assert all("tells of" in fault and "\n" not in fault for fault in faults)
        text = (copied.path / README).read_text(encoding="utf-8")
        assert ("| **leak** |" in text) is faulty
        assert ("tells, and is marked for it" in text) is not faulty


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
    assert "was not measured (needs `pip install '.[detect]'`)" in text
    assert "the noise's own nature" not in text
    monkeypatch.undo()
    assert check_card(carded, tmp_path) == []


def test_ids_of_the_source_are_marked(carded: Benchmark, tmp_path: Path) -> None:
    """By the recipe, or by a manifest of the first version."""
    recipe, path = dict(carded.recipe), tmp_path / layout.MANIFEST
    table = pq.read_table(carded.path / layout.MANIFEST)
    first = table.drop_columns(["source_id", "withheld"])
    marked: list[tuple[str, Any, tuple[str, ...]]] = [("1", first, ("ids",)), ("2", table, ())]
    for version, rows, marks in marked:
        pq.write_table(rows.replace_schema_metadata({"manifest_version": version}), path)
        for leak, expected in (((), marks), (["ids", "fields"], ("ids", "fields"))):
            b = Benchmark(tmp_path)
            vars(b)["recipe"] = {**recipe, "leak": leak}
            assert b.leaks == expected
