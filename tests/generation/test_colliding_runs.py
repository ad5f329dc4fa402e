"""Commands that write to one place at the same time: each reports what it wrote, and one wins."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from benchmark_n.benchmark import load
from benchmark_n.benchmark.staging import staged_benchmark
from benchmark_n.datasets.imagefolder.adapter import IMAGEFOLDER
from benchmark_n.datasets.labelmaps import convert as conversion
from benchmark_n.datasets.labelmaps.convert import convert
from benchmark_n.datasets.request import Request
from benchmark_n.errors import InputError
from benchmark_n.generation import noise as noise_making
from benchmark_n.generation import weak as weak_making
from tests import making
from tests.chaos.commands import blobs
from tests.review.samples import ROWS, scores, source

SEEDS, ROUNDS = (1, 2, 3), 3


def start(*words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmark_n", *words, "--json", "-q"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ends(processes: list[subprocess.Popen[str]]) -> list[tuple[int, str, str]]:
    return [(p.returncode, out, err) for p in processes for out, err in [p.communicate(timeout=90)]]


def make_words(path: Path, out: Path, seed: int) -> list[str]:
    words = ["make", "--dataset", "custom", "--tier", "hard", "--annotations", str(path)]
    return [*words, "--workers", "1", "--out", str(out), "--seed", str(seed)]


def test_of_colliding_commands_exactly_one_ends_well(tmp_path: Path) -> None:
    path = blobs(tmp_path / "blobs.json", 60)
    for place in range(ROUNDS):
        out = tmp_path / f"out{place}"
        found = ends([start(*make_words(path, out, seed)) for seed in SEEDS])
        assert sorted(code for code, _, _ in found) == [0, 1, 1]
        for code, _, error in found:
            lines = error.splitlines()
            assert code == 0 or (len(lines) == 1 and "exists already" in lines[0]), error
        winner = SEEDS[[code for code, _, _ in found].index(0)]
        made = load(out)
        assert (made.recipe["seed"], made.verify()) == (winner, [])
        assert not [p.name for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_each_of_several_overwriting_commands_reports_what_it_wrote(tmp_path: Path) -> None:
    path = blobs(tmp_path / "blobs.json", 60)
    alone = {
        seed: making.make(
            "custom", "hard", annotations=path, seed=seed, out=tmp_path / f"alone{seed}", workers=1
        ).summary
        for seed in SEEDS
    }
    assert len({json.dumps(summary) for summary in alone.values()}) == len(SEEDS)
    for _ in range(ROUNDS):
        words = [[*make_words(path, tmp_path / "out", seed), "--overwrite"] for seed in SEEDS]
        for seed, (code, text, error) in zip(SEEDS, ends([start(*w) for w in words]), strict=True):
            assert code == 0, error
            assert json.loads(text)["summary"] == alone[seed]
    assert load(tmp_path / "out").verify() == []


def replaced_at_once(monkeypatch: pytest.MonkeyPatch, module: Any, by: Path) -> None:
    """Whatever the module writes is replaced by the benchmark `by` as soon as it has its name."""

    @contextmanager
    def and_replaced(target: Path, **options: Any) -> Iterator[Path]:
        with staged_benchmark(target, **options) as stage:
            yield stage
        target.rename(target.with_name("first"))
        by.rename(target)

    monkeypatch.setattr(module, "staged_benchmark", and_replaced)


def test_what_is_returned_is_what_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = blobs(tmp_path / "blobs.json", 60)
    options: dict[str, Any] = {"annotations": path, "workers": 1}
    making.make("custom", "clean", out=tmp_path / "other", **options)
    replaced_at_once(monkeypatch, noise_making, tmp_path / "other")
    made = making.make("custom", "hard", out=tmp_path / "out", **options)
    assert made.path == tmp_path / "out"
    assert load(tmp_path / "out").recipe["name"] == "clean"
    first = load(tmp_path / "first")
    assert (made.recipe, made.summary) == (first.recipe, first.summary)
    assert made.summary["changed_masks"] > 0


def test_what_a_weak_run_returns_is_what_it_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options: dict[str, Any] = {"annotations": source(tmp_path), "images": tmp_path, "workers": 1}
    making.make("custom", "clean", out=tmp_path / "other", **options)
    replaced_at_once(monkeypatch, weak_making, tmp_path / "other")
    made = making.make("custom", weak="box", segmenter="box-fill", out=tmp_path / "out", **options)
    first = load(tmp_path / "first")
    assert (made.recipe, made.summary) == (first.recipe, first.summary)
    assert "segmenter" in made.recipe


def test_of_colliding_exports_exactly_one_ends_well(tmp_path: Path) -> None:
    path = source(tmp_path)
    table = scores(tmp_path / "scores.parquet", ROWS)
    words = ["review", "export", "--annotations", str(path), "--images", str(tmp_path)]
    words += ["--scores", str(table), "--to", "csv", "--out", str(tmp_path / "review")]
    found = ends([start(*words) for _ in SEEDS])
    assert sorted(code for code, _, _ in found) == [0, 1, 1]
    assert all(len(error.splitlines()) == (code != 0) for code, _, error in found)
    assert len(list((tmp_path / "review" / "crops").iterdir())) == 4


@pytest.mark.parametrize("mine", ["file", "pictures"])
def test_what_appears_during_a_conversion_stays(
    tmp_path: Path, mine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("cat", "dog"):
        (tmp_path / "data" / name).mkdir(parents=True)
        source(tmp_path / "data" / name)
        (tmp_path / "data" / name / "instances.json").unlink()
    out = tmp_path / "out" / "x.json"
    write = conversion.write_split

    def meanwhile(*arguments: Any) -> Any:
        if mine == "file":
            out.write_text("mine")
        else:
            out.with_suffix("").mkdir()
        return write(*arguments)

    monkeypatch.setattr(conversion, "write_split", meanwhile)
    request = Request(tmp_path / "data", "all", workers=1)
    with pytest.raises(InputError, match="it appeared while this ran"):
        convert(IMAGEFOLDER, out, request)
    left = [path for path in (tmp_path / "out").rglob("*")]
    assert left == [out if mine == "file" else out.with_suffix("")]
    if mine == "file":
        assert out.read_text() == "mine"
