"""One table of many results: what is in it, what is kept apart, and what is refused."""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark_n.benchmark import Benchmark
from benchmark_n.cli import run
from benchmark_n.detection.score import evaluate_detectors
from benchmark_n.errors import InputError, UsageError
from benchmark_n.evaluators.label_errors.floors import FLOORS
from benchmark_n.evaluators.label_errors.options import LabelErrorOptions
from benchmark_n.evidence.options import EvidenceOptions
from benchmark_n.report.leaderboard import HEADERS, read_leaderboard
from benchmark_n.report.leaderboard_text import PAGE_HEADERS, to_html, to_markdown

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
EVIL = "<script>x</script>|"


@pytest.fixture(scope="module")
def real(scenes_hard: Benchmark, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Real results, of drawn probabilities."""
    folder = tmp_path_factory.mktemp("evidence")
    coco = scenes_hard.noisy()
    np.save(folder / "annotation_ids.npy", coco.annotation_ids)
    drawn = np.random.default_rng(0).dirichlet(np.ones(len(coco.categories)), len(coco))
    np.save(folder / "pred_probs.npy", drawn)
    (found,) = evaluate_detectors(
        scenes_hard,
        "disagreement",
        evidence=EvidenceOptions((f"files:{folder}",), evidence_dir=folder / "kept"),
        scoring=LabelErrorOptions(bootstrap=20),
    )
    result: dict[str, Any] = json.loads(json.dumps(found.to_dict()))
    return result


def put(folder: Path, name: str, result: dict[str, Any], **changes: Any) -> Path:
    """A results file; `changes` are of its provenance, or of the detector's name and measures."""
    changed = copy.deepcopy(result)
    changed["detector"] = changes.pop("detector", name)
    kind = changed["results"]["kinds"]["class"]
    for measure in ("lifted_auprc", "f1_at_budget", "f1"):
        kind[measure] = changes.pop(measure, 0.5)
    changed["results"]["settings"] |= changes.pop("settings", {})
    changed["provenance"]["benchmark"] |= changes.pop("benchmark", {})
    changed["provenance"] |= changes
    path = folder / name / "results.json"
    path.parent.mkdir()
    path.write_text(json.dumps(changed), encoding="utf-8")
    return path


class Cells(HTMLParser):
    """Texts of the table cells, row by row."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])

    def handle_data(self, data: str) -> None:
        if data.strip() and self.rows:
            self.rows[-1].append(data.strip())


def test_tables_are_ranked_and_provenances_are_kept_apart(
    tmp_path: Path, real: dict[str, Any]
) -> None:
    for name, lifted, budget, f1, trained_on in (
        ("low", 0.2, 0.3, 0.99, "noisy-oof"),
        ("high", 0.9, 0.3, 0.1, "noisy-oof"),
        ("tied", 0.2, 0.4, 0.2, "noisy-oof"),
        ("none", None, 0.9, 0.9, "noisy-oof"),
        ("cheat", 0.99, 0.9, 0.9, "clean"),
    ):
        own = {"lifted_auprc": lifted, "f1_at_budget": budget, "f1": f1}
        put(tmp_path, name, real, **own, trained_on=trained_on)
    board = read_leaderboard([tmp_path])
    assert list(board.tables) == ["clean", "noisy-oof"]
    ranked = [row.detector for row in board.tables["noisy-oof"]["class"]]
    assert ranked == ["high", "tied", "low", "none"]
    assert [row.detector for row in board.tables["clean"]["class"]] == ["cheat"]
    measures = real["results"]["kinds"]["class"]
    row = board.tables["noisy-oof"]["class"][1]
    same = [k for k in row.measures if k not in ("lifted_auprc", "f1_at_budget", "f1")]
    assert {k: row.measures[k] for k in same} == {k: measures[k] for k in same}
    text = to_markdown(board)
    assert "## Evidence trained on clean: class" in text
    assert "| low |" in text
    assert f"{measures['auprc']:.3f} (" in text


def test_markdown_and_html_say_the_same_and_names_are_text(
    tmp_path: Path, real: dict[str, Any]
) -> None:
    put(tmp_path, "one", real, detector=EVIL)
    board = read_leaderboard([tmp_path / "one" / "results.json"])
    page = Cells()
    page.feed(to_html(board))
    # The script is the page's own, that sorts: the name brought none in.
    assert not page.tags & {"img", "link"}
    assert to_html(board).count("<script") == 1
    assert tuple(page.rows[0]) == PAGE_HEADERS
    assert EVIL in {row[0] for row in page.rows}
    text = to_markdown(board)
    assert f"| {' | '.join(HEADERS)} |" in text
    assert text.count("\n| " + EVIL.replace("|", "\\|").replace("<", "\\<")) == len(
        board.tables["unknown"]
    )


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"benchmark": {"recipe_sha256": "f" * 64}}, "recipe_sha256 ffffffffffff is not that of"),
        ({"benchmark": {"source_sha256": "e" * 64}}, "source_sha256 eeeeeeeeeeee is not that of"),
        ({"settings": {"truth": {"name": "changed"}}}, "truth is {'name': 'changed'}, but {'name'"),
        ({"detector": "a"}, "the same run as"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    tmp_path: Path, real: dict[str, Any], changes: dict[str, Any], fault: str
) -> None:
    put(tmp_path, "a", real)
    put(tmp_path, "b", real, **changes)
    with pytest.raises(InputError, match=fault) as caught:
        read_leaderboard([tmp_path])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"mode": "ef", "name": "x", "results": {}}', "results of eval, mode ef, expected those"),
        ("[]", "no results, expected those of `evaluate_detectors`"),
        ('{"detector": "a", "results": null}', "results of detect, without truth"),
        ('{"detector": "a", "results": {"kinds": {}}}', "run it again"),
        ("{", "not JSON"),
    ],
)
def test_other_files_are_one_line(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "results.json"
    path.write_text(text)
    with pytest.raises(InputError, match=fault) as caught:
        read_leaderboard([path])
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_other_results_that_are_met_in_a_folder_are_left_out(
    tmp_path: Path, real: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    own = put(tmp_path, "own", real)
    for name, text in (
        ("eval", '{"mode": "ef", "name": "x", "results": {}}'),
        ("audit", '{"audits": []}'),
        ("detect", '{"detector": "a", "results": null}'),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "results.json").write_text(text)
    board = read_leaderboard([tmp_path])
    files = {row.file for kinds in board.tables.values() for rows in kinds.values() for row in rows}
    assert files == {str(own)}
    assert caplog.text.count("3 other results left out, the first is ") == 1
    with pytest.raises(InputError, match="mode ef"):
        read_leaderboard([own, tmp_path / "eval" / "results.json"])
    with pytest.raises(InputError, match="mode ef"):
        read_leaderboard([tmp_path / "eval"])
    (tmp_path / "eval" / "results.json").write_text('{"detector": "a", "results": {"kinds": {}}}')
    with pytest.raises(InputError, match="run it again"):
        read_leaderboard([tmp_path])


def test_no_results(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no results.json in this folder"):
        read_leaderboard([tmp_path])
    with pytest.raises(InputError, match="cannot read the results"):
        read_leaderboard([tmp_path / "none.json"])
    with pytest.raises(UsageError):
        read_leaderboard([])


def test_the_command(
    tmp_path: Path, real: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(put(tmp_path, "a", real))
    page = tmp_path / "board.html"
    assert run(["leaderboard", path, "--out", str(page), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["benchmark"]["recipe_sha256"] == real["provenance"]["benchmark"]["recipe_sha256"]
    assert page.read_text().startswith("<!doctype html>")
    assert run(["leaderboard", path, path, "--out", str(tmp_path / "board.md")]) == 0
    assert (tmp_path / "board.md").read_text() == capsys.readouterr().out
    assert run(["leaderboard", path, "--out", str(tmp_path / "board.txt")]) == 2
    assert "expected a name that ends in .md or .html" in capsys.readouterr().err


@pytest.mark.parametrize("value", ["x", [1], {"a": 1}])
def test_measures_that_are_no_numbers(tmp_path: Path, real: dict[str, Any], value: Any) -> None:
    put(tmp_path, "one", real, f1=value)
    with pytest.raises(InputError, match="not made by this version"):
        read_leaderboard([tmp_path])


def test_floors_stand_among_the_detectors_and_marks_beside_them(
    tmp_path: Path, real: dict[str, Any]
) -> None:
    put(tmp_path, "good", real, lifted_auprc=0.9, told=["noise rate"])
    board = read_leaderboard([tmp_path])
    ranked = board.ranked("unknown", "class")
    assert ranked[0].detector == "good"
    assert {row.detector for row in ranked[1:]} == {
        f"floor: {name.replace('_', ' ')}" for name in FLOORS
    }
    lifted = [float(row.measures["lifted_auprc"] or 0) for row in ranked]
    assert lifted == sorted(lifted, reverse=True)
    everything = next(row for row in ranked if row.detector == "floor: flag everything")
    share = float(everything.measures["prevalence"] or 0)
    assert everything.measures["f1"] == pytest.approx(2 * share / (1 + share))
    area = next(row for row in ranked if row.detector == "floor: area")
    assert (area.measures["f1"], area.measures["flagged"]) == (None, None)
    assert ranked[0].against[0] in ">≤"
    text, page = to_markdown(board), to_html(board)
    assert "| good | noise rate |" in text
    assert "told: noise rate" in page
    assert ranked[0].against.replace(">", "&gt;") in page
    assert board.to_dict()["floors"]["class"]


def test_units_are_told_and_few_are_called_approximate(
    tmp_path: Path, real: dict[str, Any]
) -> None:
    put(tmp_path, "a", real)
    few = {"group_by": "patient", "groups": 12}
    put(tmp_path, "b", real, settings=few)
    board = read_leaderboard([tmp_path])
    lines = "Units: 60 images.", "Units: 12 patients by patient; intervals are approximate"
    for text in (to_markdown(board), to_html(board)):
        assert all(line in text for line in lines)
    assert len(board.to_dict()["units"]) == 2


def test_results_of_before_the_floors_are_refused(tmp_path: Path, real: dict[str, Any]) -> None:
    path = put(tmp_path, "old", real)
    old = json.loads(path.read_text())
    old["results"]["settings"] = {"spatial_iou": 0.9, "strict": False}
    path.write_text(json.dumps(old))
    with pytest.raises(InputError, match="run it again"):
        read_leaderboard([path])


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium to open the page with")
@pytest.mark.parametrize("width", [500, 800, 1280])
def test_a_browser_sorts_the_page_and_it_fits_the_window(
    tmp_path: Path, real: dict[str, Any], width: int
) -> None:
    for name, lifted in (("low", 0.2), ("high", 0.9)):
        put(tmp_path, name, real, lifted_auprc=lifted)
    probe = """<script>const table = Array.from(document.querySelectorAll("h2")).find(
          (head) => head.textContent.endsWith(": class")).nextElementSibling;
        const button = table.querySelectorAll("th button")[2];
        button.click(); button.click();
        const names = Array.from(table.tBodies[0].rows, (row) => row.cells[0]);
        document.title = [names.findIndex((c) => c.textContent.startsWith("low")) <
          names.findIndex((c) => c.textContent.startsWith("high")),
          document.documentElement.scrollWidth <= window.innerWidth].join();</script>"""
    page = tmp_path / "board.html"
    text = to_html(read_leaderboard([tmp_path])).replace("</body>", f"{probe}</body>")
    page.write_text(text, encoding="utf-8")
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    command += [f"--window-size={width},800", f"--user-data-dir={tmp_path / 'p'}", page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert "<title>true,true</title>" in done.stdout
