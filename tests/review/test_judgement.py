"""Precision of the flags as people judged them, against counts by hand and the formula."""

from __future__ import annotations

import json
from math import sqrt
from pathlib import Path

import pytest

from benchmark_n.cli import run
from benchmark_n.review import import_decisions, judge
from tests.review import samples

DECISIONS = {
    7: {"decision": "accept"},  # class: right
    8: {"decision": "keep"},  # class, not flagged: wrong
    9: {"decision": "redraw", "segmentation": "[[4, 4, 30, 6, 12, 28]]"},  # spatial, not class
    10: {"decision": "accept"},  # missing
}


def wilson(right: int, count: int) -> tuple[float, float]:
    """Wilson's interval at 95 %, from the quadratic it solves."""
    z = 1.959963984540054
    share, extra = right / count, z * z / count
    centre = (share + extra / 2) / (1 + extra)
    half = z * sqrt(share * (1 - share) / count + extra / 4 / count) / (1 + extra)
    return centre - half, centre + half


def test_precision_by_detector_and_kind(tmp_path: Path) -> None:
    samples.exported(tmp_path)
    assert judge(tmp_path / "review").decided == 0
    import_decisions(tmp_path / "review", samples.decide(tmp_path, DECISIONS), who="anna")
    found = judge(tmp_path / "review")
    assert (found.items, found.decided, found.kept) == (4, 4, 1)
    assert found.corrections == {"class": 1, "spatial": 1, "spurious": 0, "missing": 1}
    counts = {(p.kind, p.flagged): (p.right, p.decided) for p in found.precisions}
    assert counts == {
        ("any", True): (3, 3),
        ("any", False): (3, 4),
        ("class", True): (1, 2),
        ("class", False): (1, 3),
        ("missing", True): (1, 1),
        ("missing", False): (1, 1),
        ("spatial", True): (1, 1),
        ("spatial", False): (1, 1),
    }
    for one in found.precisions:
        assert one.detector == "cleanlab"
        assert one.precision == one.right / one.decided
        assert one.interval == pytest.approx(wilson(one.right, one.decided))


def test_a_removed_annotation_counts_for_each_kind(tmp_path: Path) -> None:
    samples.exported(tmp_path)
    path = samples.decide(tmp_path, {9: {"decision": "remove"}})
    import_decisions(tmp_path / "review", path, who="anna")
    found = judge(tmp_path / "review")
    assert found.corrections["spurious"] == 1
    assert {(p.kind, p.right) for p in found.precisions} == {
        ("any", 1),
        ("class", 1),
        ("spatial", 1),
    }


def test_the_three_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    annotations = samples.source(tmp_path)
    scores = samples.scores(tmp_path / "scores.parquet", samples.ROWS)
    out = str(tmp_path / "review")
    asked = ["--scores", str(scores), "--annotations", str(annotations), "--to", "csv"]
    asked += ["--images", str(tmp_path), "--out", out, "--top", "3", "--json"]
    assert run(["review", "export", *asked]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data == {"review": out, "items": 3, "proposals": 1, "crops": 3}
    path = str(samples.decide(tmp_path, {7: {"decision": "accept"}}))
    assert run(["review", "import", out, "--decisions", path]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "--who" in error
    assert run(["review", "import", out, "--decisions", path, "--who", "anna"]) == 0
    assert "1 accept; 2 undecided" in capsys.readouterr().out
    assert run(["review", "import", out, "--decisions", path, "--who", "anna"]) == 1
    assert "was imported already" in capsys.readouterr().err
    assert run(["review", "report", out]) == 0
    text = capsys.readouterr().out
    assert "1 of 3 decided: 0 kept; corrected: 1 class, 0 spatial" in text
    assert "cleanlab, class, flagged        1      1  100.00" in text
    assert run(["review", "report", out, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["corrections"]["class"] == 1
    assert run(["review", "report", str(tmp_path)]) == 1
    assert "not a review: review.json is missing" in capsys.readouterr().err
