"""The page of the baseline grid shows what was measured."""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark_n.detectors import DETECTORS
from benchmark_n.errors import InputError
from benchmark_n.experiments.baseline_grid import GridRun
from benchmark_n.experiments.grid_pieces import Row
from tests.conftest import REPOSITORY

SCRIPT = REPOSITORY / "scripts" / "reproduce" / "baseline_grid.py"
RESULTS = REPOSITORY / "scripts" / "results" / "baseline-grid"


def _page(results: Path, folder: Path) -> str:
    page = folder / "page.md"
    command = [sys.executable, str(SCRIPT), "--page-only", "--out", str(results)]
    subprocess.run([*command, "--page", str(page)], check=True, cwd=REPOSITORY)
    return page.read_text()


def test_the_page_is_up_to_date_and_a_changed_figure_is_noticed(tmp_path: Path) -> None:
    written = (REPOSITORY / "docs" / "baselines.md").read_text()
    assert _page(RESULTS, tmp_path) == written
    copied = tmp_path / "results"
    shutil.copytree(RESULTS, copied)
    path = sorted(copied.glob("*.json"))[0]
    piece = json.loads(path.read_text())
    piece["rows"][0]["mean"] += 0.1
    path.write_text(json.dumps(piece))
    assert _page(copied, tmp_path) != written


def test_each_detector_runs_in_one_part(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(SCRIPT.parent)
    grid_parts = importlib.import_module("grid_parts")
    every = DETECTORS.names()
    for begun in (False, True):
        made = grid_parts.parts(every, (1, 2, 3), tmp_path, begun=begun)
        run = [name for part in made for name in part.run.detectors]
        assert sorted(run) == sorted(every)
        alone = {name for part in made if part.drawings == (1,) for name in part.run.detectors}
        assert alone == set(grid_parts.FIRST_ALONE)
    # The floors are those of all drawings, whatever is asked for.
    first, second = grid_parts.parts(["mirror"], (1, 2), tmp_path, begun=False)
    assert (first.run.detectors, first.drawings, second.drawings) == ([], (1, 2), (1,))
    (only,) = grid_parts.parts(["mirror"], (1, 2), tmp_path, begun=True)
    assert (only.run.detectors, only.drawings) == (["mirror"], (1,))


def test_a_benchmark_that_cannot_be_made_is_the_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.syspath_prepend(SCRIPT.parent)
    grid = importlib.import_module("baseline_grid")
    asked = []

    def fails(name: str, drawings: tuple[int, ...], *_: object) -> None:
        asked.append(drawings)
        raise InputError("no data")

    monkeypatch.setattr(grid, "measure", fails)
    kept = grid.Kept(tmp_path, tmp_path, lambda line: None)
    grid.complete("scenes-hard", None, ["knn", "mirror"], (1, 2), kept)
    piece = json.loads((tmp_path / "scenes-hard.json").read_text())
    assert asked == [(1, 2)]
    assert piece["not_run"] == dict.fromkeys(("knn", "mirror"), "no benchmark: no data")


def test_a_detector_that_changed_is_measured_again_and_nothing_measured_is_lost(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.syspath_prepend(SCRIPT.parent)
    grid = importlib.import_module("baseline_grid")
    name = "lvis_double-real"
    place = tmp_path / f"{name}.json"
    whole = json.loads((RESULTS / place.name).read_text())
    place.write_text(json.dumps(whole))
    wanted: list[str] = []

    def fails(name: str, drawings: tuple[int, ...], run: GridRun, log: object) -> None:
        wanted.extend(run.detectors)
        raise InputError("no data")

    monkeypatch.setattr(grid, "measure", fails)
    asked = ["grid", "--only", name, "--again", "dynacor", "--detectors", "knn"]
    asked += ["--out", str(tmp_path), "--page", str(tmp_path / "page.md")]
    monkeypatch.setattr(sys, "argv", [*asked, "--log", str(tmp_path / "log")])
    grid.main()
    assert wanted == ["dynacor"]
    assert json.loads(place.read_text()) == whole

    def measures(name: str, drawings: tuple[int, ...], run: GridRun, log: object) -> Row:
        row = next(row for row in whole["rows"] if row["name"] == "dynacor")
        more = {"detectors": ["dynacor"], "not_run": {}, "rows": [{**row, "mean": 0.25}]}
        drawn = {"drawings": [1], "annotations": whole["annotations"][:1]}
        return {**drawn, **more, "version": whole["version"], "cpu_seconds": 1.0}

    monkeypatch.setattr(grid, "measure", measures)
    grid.main()
    made = json.loads(place.read_text())
    assert [row["mean"] for row in made["rows"] if row["name"] == "dynacor"] == [0.25]
    others = [[r for r in one["rows"] if r["name"] != "dynacor"] for one in (whole, made)]
    assert [(r["name"], r["mean"]) for r in others[0]] == [
        (r["name"], r["mean"]) for r in others[1]
    ]
