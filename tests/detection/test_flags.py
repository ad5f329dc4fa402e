"""A list that flags most annotations says so, whatever the detector."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmark_n.cli import run
from benchmark_n.detection.result import most_flagged
from benchmark_n.detectors import annotation_scores, join_scores
from benchmark_n.tables.scores import add_any
from tests import samples
from tests.detectors.samples import evidence


def test_more_than_half_is_said_of_each_kind() -> None:
    given = evidence([0, 1, 2, 0])
    half, most = np.array([1, 1, 0, 0]) > 0, np.array([1, 1, 1, 0]) > 0
    tables = [
        annotation_scores(given, kind, np.ones(4), flags)
        for kind, flags in (("class", half), ("spatial", most))
    ]
    lines = most_flagged("mine", add_any(join_scores(tables)))
    assert len(lines) == 1
    assert lines[0].startswith("mine flags 3 of 4 annotations as spatial: ")


def test_detect_warns_on_the_terminal_and_in_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = samples.write(tmp_path, samples.document())
    arguments = ["detect", "--annotations", str(path), "--detector", "random", "--json"]
    arguments += ["--evidence-dir", str(tmp_path / "e"), "--out", str(tmp_path / "out")]
    arguments += ["--set", "random.rate=1"]
    status = run(arguments)
    said = capsys.readouterr()
    assert status == 0, said.err
    (one,) = json.loads(said.out)["detectors"]
    line = "random flags 3 of 3 annotations as class"
    assert any(text.startswith(line) for text in one["warnings"])
    assert line in said.err
