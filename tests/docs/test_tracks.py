"""The commands of the tracks' pages run as they stand, on few pictures and two seeds.

Trainings are parsed and not run: clean validation labels stand in for what they predict.
"""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmark_n.benchmark import load
from benchmark_n.cli import run, train
from benchmark_n.report.submission_check import benchmark_name
from tests.docs.pages import DOCS, blocks

TRACKS = ("train-on-noisy", "label-errors", "correct", "weak-labels")
# Every command is one line on the one pipe, and its exit code one on the other.
_FUNCTION = """benchmark-n() {{
    printf '%s\\t' "$@" >&{ask}; echo >&{ask}
    read -r code <&{told}
    cat printed
    return "$code"
}}
"""


def stand_in(benchmark: Any, work_dir: Path) -> None:
    """Half of the clean validation labels, another half for each work directory, as predictions."""
    with benchmark.clean_val.open() as file:
        records = json.load(file)["annotations"]
    names = "image_id", "category_id", "segmentation"
    start = sum(work_dir.name.encode()) % 2
    made = [{**{n: record[n] for n in names}, "score": 0.5} for record in records[start::2]]
    work_dir.mkdir(parents=True)
    (work_dir / "predictions-val.json").write_text(json.dumps(made), encoding="utf-8")


def answer(words: list[str], place: Path) -> int:
    """Run a command in this process, a training by its stand-in; returns its exit code."""
    if words[0] != "train":
        with (place / "printed").open("w", encoding="utf-8") as file, redirect_stdout(file):
            return run(words)
    given = train.command.make_context("train", words[1:]).params
    stand_in(load(given["benchmark"]), Path(given["work_dir"]))
    (place / "printed").write_text("")
    return 0


def shell(text: str, place: Path) -> str:
    """What a page's block prints in `place`, this process's folder, by few pictures, two seeds."""
    for page, here in (
        ("for seed in 1 2 3 4 5;", "for seed in 1 2;"),
        ("--seeds 1-5", "--seeds 1-2"),
        ("--seeds 101-105", "--seeds 101-102"),
        ("--dataset scenes", "--dataset scenes --num-images 10"),
    ):
        text = text.replace(page, here)
    (asked, ask), (told, tell) = os.pipe(), os.pipe()
    with (place / "output").open("w") as output, os.fdopen(tell, "w") as answers:
        words = ["bash", "-e", "-c", _FUNCTION.format(ask=ask, told=told) + text]
        process = subprocess.Popen(words, cwd=place, stdout=output, pass_fds=(ask, told))
        os.close(ask)  # bash has it alone: its end is the end of the commands
        with os.fdopen(asked) as commands:
            for command in commands:
                print(answer(command.split("\t")[:-1], place), file=answers, flush=True)
        assert process.wait() == 0
    os.close(told)
    return (place / "output").read_text()


def of_this_machine(told: dict[str, Any], place: Path, folder: Path) -> dict[str, Any]:
    """The page's submission with a run of each file, and with the digests that were made here."""
    runs = []
    for seed in (1, 2):
        sums = next(place.glob(f"benchmarks/{folder.name[:-1]}{seed}/SHA256SUMS")).read_text()
        for one in told["runs"]:
            changes = {"annotations_sha256": sums.split()[0], "noise_seed": seed}
            runs.append({**one, **changes, "file": one["file"].replace("1.", f"{seed}.")})
    return {**told, "runs": runs}


@pytest.mark.parametrize("track", TRACKS)
def test_the_page_from_top_to_bottom(
    track: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    page = DOCS / "tracks" / f"{track}.md"
    *before, last = blocks(page, "sh")
    for block in before:
        shell(block, tmp_path)
    (text,) = blocks(page, "yaml")
    told = yaml.safe_load(text)
    assert told["track"] == track
    folder = tmp_path / last.splitlines()[0].split()[-1]
    benchmark = load(folder)
    assert told["runs"][0]["benchmark"] == benchmark_name(benchmark)
    mine = tmp_path / "mine" / "submission.yaml"
    mine.write_text(yaml.safe_dump(of_this_machine(told, tmp_path, folder)), encoding="utf-8")
    printed = shell(last, tmp_path)
    assert isinstance(told["date"], str)  # unquoted it is no text to other readers of YAML
    assert "nothing is wrong with it" in printed
    assert "3, 4, 5 have no entry" in printed
    assert f"| {told['method']} |" in printed
    assert (tmp_path / "board.html").read_text().startswith("<!doctype html>")
    # Of both noise seeds, as the page says.
    both = [str(folder), f"{str(folder)[:-1]}2"]
    words = [word for one in both for word in ("--benchmark", one)]
    capsys.readouterr()
    assert run(["leaderboard", "mine", *words, "--format", "csv"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line[0] != "#"]
    rows = list(csv.DictReader(io.StringIO("\n".join(lines))))
    own = next(row for row in rows if row["detector"] == told["method"])
    assert own["lead"]
    assert own["p (Holm)"]
    assert any(row["detector"].startswith("floor: ") for row in rows)


def test_every_page_has_what_a_track_is() -> None:
    for track in TRACKS:
        text = (DOCS / "tracks" / f"{track}.md").read_text(encoding="utf-8")
        for part in (
            "**Task.**",
            "**Data.**",
            "**What may be used.**",
            "**Protocol.**",
            "**Declared**",
        ):
            assert part in text, (track, part)
        for word in ("101 to 105", "1 to 5", "vary apart", "Holm", "bootstrap", "units.md"):
            assert word in " ".join(text.split()), (track, word)
        assert "## Measure and floors" in text
        assert "## What a submission holds" in text
