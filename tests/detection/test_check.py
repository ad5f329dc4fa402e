"""`check`, through the function, the command and the page."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

import benchmark_n
from benchmark_n.cli import run
from benchmark_n.detection.check import refused_rules
from benchmark_n.detection.structure.rules.base import RULES
from benchmark_n.errors import InputError, UsageError
from benchmark_n.report.check import render_check
from benchmark_n.tables.scores import read_scores
from tests import making
from tests.conftest import shared_case, shared_file
from tests.detection.structure.documents import disc, document, record, rectangle
from tests.samples import write

EVIL = '"><script>alert(1)</script>'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with a duplicate of id 12, a box mask of id 13 and a wrong area of id 14."""
    data = document(
        record(11, disc(30, 30, 15)),
        record(12, disc(31, 30, 15)),
        record(13, rectangle(60, 60, 40, 20)),
        record(14, disc(150, 50, 20), area=17.0),
        images=2,
    )
    pixels = np.full((100, 200, 3), 90, np.uint8)
    cv2.imwrite(str(tmp_path / "1.png"), pixels)
    return write(tmp_path, data)


def test_findings_come_with_ids_and_probabilities(path: Path) -> None:
    result = benchmark_n.check(path)
    told = {(s.rule, s.annotation_ids, s.image_id, s.category_id) for s in result.suspects}
    assert repr(result).startswith(f"<CheckResult on {path.name}: 1 duplicate, 1 box_mask")
    assert told == {
        ("duplicate", (12, 11), 1, 1),
        ("box_mask", (13,), 1, 1),
        ("area_mismatch", (14,), 1, 1),
        ("no_annotations", (), 2, None),
    }
    probabilities = [suspect.probability for suspect in result.suspects]
    assert probabilities == sorted(probabilities, reverse=True)
    assert list(result.counts) == RULES.names()
    assert result.examples("no_annotations") == [2]


def test_rules_and_their_thresholds_can_be_chosen(path: Path) -> None:
    result = benchmark_n.check(path, "duplicate", options={"duplicate.iou": 0.99})
    assert result.counts == {"duplicate": 1}  # as a copy that was moved
    options = {"duplicate.iou": 0.99, "duplicate.moved_iou": 1.1}
    assert benchmark_n.check(path, ["duplicate"], options=options).counts == {"duplicate": 0}


@pytest.mark.parametrize(
    ("rules", "options", "error", "fault"),
    [
        ("duplicats", {}, InputError, "unknown rule 'duplicats': did you mean 'duplicate'"),
        (" , ", {}, UsageError, "name a rule"),
        ("merged", {"duplicate.iou": 1}, UsageError, "rule 'duplicate' is not run"),
        ("merged", {"gap": 1}, UsageError, "'gap' is no option of a rule"),
        ("merged", {"merged.gap": 1}, InputError, "merged has no option 'gap'"),
    ],
)
def test_wrong_rules_are_named(
    rules: str, options: dict[str, object], error: type[Exception], fault: str, path: Path
) -> None:
    with pytest.raises(error, match=fault):
        benchmark_n.check(path, rules, options=options)


def test_what_is_refused() -> None:
    assert refused_rules(None) == []
    levels = {name: RULES.load(name).level for name in RULES.names()}
    errors = [name for name, level in levels.items() if level == "error"]
    assert refused_rules("errors") == errors
    assert refused_rules("sliver,errors", "merged,sliver") == ["sliver", "merged"]
    with pytest.raises(UsageError, match="'duplicate' is no rule that is run"):
        refused_rules("duplicate", "merged")


def test_the_scores_table_holds_label_errors_alone(path: Path) -> None:
    """Faults of records, such as an area, are no errors of the label."""
    rows = benchmark_n.check(path).scores.to_pylist()
    kinds = {(row["annotation_id"], row["kind"]): row["flagged"] for row in rows}
    assert kinds == {(i, kind): True for i in (12, 13) for kind in ("spatial", "any")}


def test_a_rule_that_names_many_says_so(tmp_path: Path) -> None:
    data = document(
        *(record(i + 1, disc(30, 30, 10 + i / 9), image_id=i + 1, area=5.0) for i in range(25)),
        images=60,  # of which 35 are empty: they are no annotations
    )
    (line,) = benchmark_n.check(write(tmp_path, data)).warnings
    assert line.startswith("area_mismatch names 25 of 25 annotations (100 %)")


def test_boxes_are_told_and_checked_as_far_as_they_go() -> None:
    result = benchmark_n.check(shared_case("01-boxes-only/in.json"))
    assert result.boxes == (~result.coco.crowd).sum() > 0
    assert "have no mask but a box" in result.warnings[0]
    assert not any(result.counts[name] for name in ("merged", "box_mask", "box_mismatch"))


def test_a_benchmark_is_checked_by_its_noisy_file(tmp_path: Path) -> None:
    made = making.make("scenes", "mid", num_images=6, out=tmp_path / "made", workers=1)
    result = benchmark_n.check(made.path)
    assert result.coco.annotation_ids.tolist() == made.noisy().annotation_ids.tolist()
    assert result.counts["box_mismatch"] == result.counts["area_mismatch"] == 0


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_errors_made_by_hand_are_found(seed: int, tmp_path: Path) -> None:
    """Every duplicate and box; and of the file as published what is an error to the eye alone."""
    source = shared_file("coco_mini/instances_train.json")
    script = shared_case("handmade.py")
    subprocess.run([sys.executable, script, str(seed), source, tmp_path], check=True)
    suspects = benchmark_n.check(tmp_path / "my.json").suspects
    truth = json.loads((tmp_path / "truth.json").read_text())
    named = {
        rule: {i for s in suspects if s.rule == rule for i in s.annotation_ids}
        for rule in RULES.names()
    }
    for kind, rule in (("duplicate", "duplicate"), ("boxmask", "box_mask")):
        made = {error["id"] for error in truth if error["kind"] == kind}
        assert made <= named[rule]
    merged = {error["id"] for error in truth if error["kind"] == "merged"}
    assert len(merged & named["merged"]) >= 4
    plain = [s for s in benchmark_n.check(source).suspects if s.level == "error"]
    assert {s.annotation_ids[0] for s in plain} == {1873472, 1924211, 2219669}


def test_the_command_prints_a_table_and_json(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", str(path), "-q"]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = {line.split()[0]: line.split() for line in lines[1:]}
    assert list(rows) == RULES.names()
    assert rows["duplicate"][2] == "1"
    assert rows["duplicate"][-1] == "12"
    assert run(["check", str(path), "--json", "-q", "--rules", "duplicate,merged"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["rules"]["duplicate"]["count"] == 1
    assert data["rules"]["duplicate"]["parameters"]["iou"] == 0.8
    assert data["suspects"][0]["annotation_ids"] == [12, 11]


def test_fail_on_ends_with_one_line(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(path), "-q", "--fail-on", "duplicate,merged"]) == 1
    captured = capsys.readouterr()
    assert "duplicate" in captured.out
    assert captured.err == (
        "benchmark-n: error: instances.json: refused for what was found: duplicate 1 (first: 12)\n"
    )
    assert run(["check", str(path), "-q", "--fail-on", "merged,self_crossing"]) == 0
    assert run(["check", str(path), "-q", "--rules", "merged", "--fail-on", "duplicate"]) == 2
    assert "--fail-on: 'duplicate' is no rule that is run" in capsys.readouterr().err
    quieter = ["--set", "duplicate.iou=0.99", "--set", "duplicate.moved_iou=1.1"]
    assert run(["check", str(path), "-q", "--fail-on", "duplicate", *quieter]) == 0


def test_page_and_files(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = path.parent / "out"
    assert run(["check", str(path), "-q", "--out", str(out), "--images", str(path.parent)]) == 0
    assert capsys.readouterr().out.endswith(f"{out / 'report.html'}\n")
    assert sorted(p.name for p in out.iterdir()) == [
        "report.html",
        "results.json",
        "scores.parquet",
    ]
    page = (out / "report.html").read_text()
    assert page.count('<div class="card">') == 4
    assert page.count("data:image/jpeg") == 3  # none of the image that is not there
    assert read_scores(out / "scores.parquet").num_rows == 4
    assert json.loads((out / "results.json").read_text())["annotations"] == 4


def test_the_page_shows_names_as_text(tmp_path: Path) -> None:
    data = document(record(1, rectangle(10, 10, 40, 20)))
    data["categories"][0]["name"] = EVIL
    data["images"][0]["file_name"] = f"{EVIL}.png"
    page = render_check(benchmark_n.check(write(tmp_path, data)))
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_top_bounds_the_examples(path: Path) -> None:
    result = benchmark_n.check(path)
    assert render_check(result, top=0).count('<div class="card">') == 0


def test_time_a_thousand_annotations(tmp_path: Path) -> None:
    """COCO photographs over and over: 20 CPU seconds a thousand is the most that is allowed."""
    data = json.loads(shared_file("coco_mini/instances_train.json").read_text())
    images, annotations = data["images"], data["annotations"]
    many = {**data, "images": [], "annotations": []}
    for k in range(4):
        many["images"] += [{**i, "id": i["id"] + k * 10**7} for i in images]
        many["annotations"] += [
            {**a, "id": a["id"] + k * 10**13, "image_id": a["image_id"] + k * 10**7}
            for a in annotations
        ]
    file = write(tmp_path, many)
    start = time.process_time()
    result = benchmark_n.check(file)
    assert time.process_time() - start < 20 * len(result.coco) / 1000
    assert result.counts["two_categories"] == 4 * 3
