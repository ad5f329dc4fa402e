"""``benchmark-n eval``: modes, tables, files and exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark_n import Benchmark
from benchmark_n.cli import run
from tests.evaluators.coco_samples import random_case
from tests.evaluators.echo_samples import PATIENTS, echo_document


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    monkeypatch.chdir(tmp_path)
    document, detections = random_case(5)
    Path("truth.json").write_text(json.dumps(document))
    Path("found.json").write_text(json.dumps(detections))
    return "truth.json", "found.json"


def test_predictions_print_a_table_and_write_results(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    truth, found = files
    assert run(["eval", "--ground-truth", truth, "--predictions", found]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["%", "AP", "AP50"]
    assert [line.split()[0] for line in lines[1:]] == ["box", "mask", "boundary"]
    written = json.loads(Path("results/truth-predictions/results.json").read_text())
    assert written["results"]["boundary"]["settings"]["dilation_ratio"] == 0.02


def test_json_is_what_is_written(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    truth, found = files
    arguments = ["eval", "--ground-truth", truth, "--predictions", found, "--json", "--out", "here"]
    assert run(arguments) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads(Path("here/results.json").read_text())


def test_average_precision_loads_no_plots(files: tuple[str, str]) -> None:
    """They took longer to import than a thousand images to evaluate."""
    arguments = ["eval", "--ground-truth", files[0], "--predictions", files[1], "-q"]
    code = (
        f"import sys; from benchmark_n.cli import run; assert run({arguments}) == 0; "
        "print([m for m in ('matplotlib', 'scipy', 'jinja2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_compare_prints_one_row_a_name(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    truth, found = files
    compare = ["--compare", f"clean={found}", "--compare", f"easy={found}"]
    assert run(["eval", "--ground-truth", truth, *compare, "--iou-type", "segm"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["clean", "easy"]
    assert lines[2].split()[-1] == "100.00"


def test_noisy_masks_of_a_benchmark(
    scenes_hard: Benchmark,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["eval", str(scenes_hard.path), "--masks", "noisy"]) == 0
    assert "IoU 0.75" in capsys.readouterr().out
    assert scenes_hard.verify() == []


def test_slices_and_intervals_are_printed_with_their_units(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    truth, found = files
    document = json.loads(Path(truth).read_text())
    for record in document["images"]:
        record["patient_id"] = record["id"] % 3
    Path(truth).write_text(json.dumps(document))
    arguments = ["eval", "--ground-truth", truth, "--predictions", found, "--iou-type", "segm"]
    assert run([*arguments, "--by", "size", "--bootstrap", "20"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "units: 3 patients by patient_id; intervals are approximate: " + (
        "fewer than 30 units"
    )
    assert any(line.startswith("mask by size") and "ground truths" in line for line in lines)
    assert any(line.startswith("95 %") and "[" in line for line in lines)
    assert run([*arguments, "--by", "size", "--group-by", "image", "--json"]) == 0
    settings = json.loads(capsys.readouterr().out)["results"]["segm"]["settings"]
    assert (settings["group_by"], settings["bootstrap"]) == ("image", 200)
    assert run([*arguments, "--by", "colour"]) == 1
    assert "no image has a field 'colour'" in capsys.readouterr().err
    assert run([*arguments, "--surface"]) == 2
    assert "--surface is for --masks noisy" in capsys.readouterr().err


def test_ejection_fractions_come_with_their_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    document = echo_document(PATIENTS)
    Path("truth.json").write_text(json.dumps(document))
    keys = ("image_id", "category_id", "segmentation")
    kept = [{**{k: a[k] for k in keys}, "score": 0.9} for a in document["annotations"]]
    # The second patient has no prediction at systole.
    Path("found.json").write_text(json.dumps([r for r in kept if r["image_id"] not in (6, 8)]))
    arguments = ["eval", "--ground-truth", "truth.json", "--predictions", "found.json", "--ef"]
    assert run([*arguments, "--by", "image_quality"]) == 0
    out = capsys.readouterr().out
    assert "1 (50.0 %)" in out
    assert "by image_quality" in out
    for name in ("bland-altman.png", "scatter.png"):
        assert Path(f"results/truth-ef/{name}").read_bytes().startswith(b"\x89PNG")
    assert run([*arguments, "--by", "category"]) == 2
    assert "ejection fractions are of patients" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (["--predictions", "found.json", "--masks", "noisy"], 2, "exclude one another"),
        (["--compare", "found.json"], 2, "expected NAME=FILE"),
        (["--compare", "a=found.json", "--compare", "a=found.json"], 2, "occurs twice"),
        ([], 2, "nothing to evaluate"),
        (["--predictions", "none.json"], 1, "cannot read the predictions"),
        (["--ef", "--predictions", "found.json"], 1, "field 'patient' is missing"),
    ],
)
def test_bad_requests_are_one_line(
    files: tuple[str, str],
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    line: str,
) -> None:
    assert run(["eval", "--ground-truth", files[0], *arguments]) == code
    error = capsys.readouterr().err
    assert line in error
    assert len(error.splitlines()) == 1


def test_empty_predictions_warn(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty.json").write_text("[]")
    assert run(["eval", "--ground-truth", files[0], "--predictions", "empty.json"]) == 0
    assert "warning: empty.json: no detections: every result is 0" in capsys.readouterr().err


def test_results_never_go_into_a_benchmark(
    scenes_hard: Benchmark, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(scenes_hard.path)
    assert run(["eval", path, "--masks", "noisy", "--out", path]) == 1
    assert "results go elsewhere" in capsys.readouterr().err


def test_detectors_stand_beside_their_floors_by_the_truth_asked_for(
    scenes_hard: Benchmark,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = ["eval", str(scenes_hard.path), "--detector", "random", "-q", "--top", "2"]
    assert run(arguments) == 0
    parts = capsys.readouterr().out.split("\n\n")
    titles = [part.split(",")[0] for part in parts[:3]]
    assert titles == ["any", "class", "spatial"]
    for part in parts[:3]:
        lines = [" ".join(line.split()) for line in part.splitlines()[1:]]
        assert len(lines) == 6
        assert sum(line.startswith("floor: ") for line in lines) == 5
        assert any(line.startswith("random noisy") or " ≤ " in line for line in lines)
    truth = ["--truth", "mask-iou", "--bar", "small=.65,medium=.78,large=.82", "--leave-out"]
    assert run([*arguments, *truth, "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["detectors"]
    stated = found["results"]["settings"]["truth"]
    assert (stated["name"], stated["leave_out"]) == ("mask-iou", True)
    assert stated["bar"] == {"small": 0.65, "medium": 0.78, "large": 0.82}
    kind = found["results"]["kinds"]["spatial"]
    assert kind["ignored"] == sum(part["ignored"] for part in kind["by"]["size"].values()) > 0
    assert set(kind["graded"]) == {"instances", "spearman", "kendall", "map_at"}
    assert {"auprc", "average_precision", "lifted_auprc"} <= set(kind)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--masks", "noisy", "--truth", "changed"], "--truth is for --detector"),
        (["--masks", "noisy", "--bar", "0.5"], "--bar is for --detector"),
        (["--detector", "random", "--bar", "half"], "--bar half: expected a number, or one for"),
        (["--detector", "random", "--bar", "2"], "bar must be above 0, at most 1, but got 2.0"),
        (["--detector", "random", "--truth", "changed", "--bar", "1"], "changed has no --bar"),
    ],
)
def test_truths_that_cannot_be_are_one_line(
    scenes_hard: Benchmark, capsys: pytest.CaptureFixture[str], arguments: list[str], line: str
) -> None:
    assert run(["eval", str(scenes_hard.path), *arguments]) == 2
    error = capsys.readouterr().err
    assert line in error
    assert len(error.splitlines()) == 1
