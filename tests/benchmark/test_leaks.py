"""Benchmarks whose ids may tell: kept ones and those of schema 1, and the results on them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from benchmark_n import Benchmark
from benchmark_n.benchmark import layout, load
from benchmark_n.benchmark.leaks import leak_lines, leaks_of_file
from benchmark_n.cli import run
from benchmark_n.files.provenance import file_digest
from benchmark_n.tables.manifest import rows_digest
from tests import making

LINE = leak_lines(["ids"])[0]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Benchmark:
    out = tmp_path_factory.mktemp("kept") / "kept"
    return making.make("scenes", "hard", num_images=20, out=out, workers=1, keep_ids=True)


@pytest.fixture(scope="module")
def first(kept: Benchmark, tmp_path_factory: pytest.TempPathFactory) -> Benchmark:
    """The same as version 0.1.0 wrote it: a manifest of schema 1, and a recipe without marks."""
    path = tmp_path_factory.mktemp("first") / "first"
    shutil.copytree(kept.path, path)
    table = pq.read_table(path / layout.MANIFEST).drop_columns(["source_id"])
    metadata = {**table.schema.metadata, b"manifest_version": b"1"}
    pq.write_table(table.replace_schema_metadata(metadata), path / layout.MANIFEST)
    recipe = yaml.safe_load((path / layout.RECIPE).read_text())
    del recipe["leak"]
    (path / layout.RECIPE).write_text(yaml.safe_dump(recipe, sort_keys=False))
    sums = (path / layout.CHECKSUMS).read_text()
    for old, new in (
        (file_digest(kept.path / layout.RECIPE), file_digest(path / layout.RECIPE)),
        (rows_digest(kept.path / layout.MANIFEST), rows_digest(path / layout.MANIFEST)),
    ):
        sums = sums.replace(old, new)
    (path / layout.CHECKSUMS).write_text(sums)
    return load(path)


def test_kept_ids_and_their_order(kept: Benchmark) -> None:
    rows = kept.manifest(["annotation_id", "source_id", "deleted"]).to_pylist()
    ids = [row["annotation_id"] for row in rows]
    assert ids == [row["source_id"] for row in rows] == sorted(ids)
    noisy = [record["id"] for record in kept.noisy().records()]
    assert noisy == [row["source_id"] for row in rows if not row["deleted"]]
    assert kept.recipe["leak"] == ["ids"]
    assert kept.leaks == ("ids",)


def test_schema_1_is_read_as_kept_ids(
    first: Benchmark, kept: Benchmark, caplog: pytest.LogCaptureFixture
) -> None:
    assert first.leaks == ("ids",)
    assert first.manifest() == kept.manifest()
    assert first.verify() == []
    assert [bytes(r) for r in first.clean().annotations] == [
        bytes(r) for r in kept.clean().annotations
    ]
    assert len([r for r in caplog.records if "of schema 1" in r.message]) == 1


def test_others_leak_nothing(scenes_hard: Benchmark, tmp_path: Path) -> None:
    assert scenes_hard.leaks == ()
    assert leaks_of_file(scenes_hard.annotations) == ()
    assert leaks_of_file(tmp_path / "annotations" / "instances.json") == ()


@pytest.mark.parametrize("name", ["kept", "first"])
def test_results_carry_the_mark(
    name: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    benchmark: Benchmark = request.getfixturevalue(name)
    options = ["--detector", "random", "--json", "--out", str(tmp_path / "results")]
    for command in (
        ["eval", str(benchmark.path), *options],
        ["detect", "--annotations", str(benchmark.annotations), *options],
    ):
        assert run(command) == 0
        printed = capsys.readouterr()
        (found,) = json.loads(printed.out)["detectors"]
        assert found["provenance"]["leaks"] == ["ids"]
        assert LINE in found["warnings"]
        assert printed.err.count(LINE) == 1
        folder = tmp_path / "results" / "random"
        assert LINE.replace("'", "&#39;") in (folder / "report.html").read_text()
        if command[0] == "eval":
            board = tmp_path / "board.md"
            assert run(["leaderboard", str(folder), "--out", str(board)]) == 0
            assert LINE[1:] in board.read_text()
            capsys.readouterr()
        shutil.rmtree(folder)


def test_results_of_others_carry_none(
    scenes_hard: Benchmark, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ["--detector", "random", "--json", "--out", str(tmp_path / "results")]
    assert run(["eval", str(scenes_hard.path), *out]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["detectors"][0]["provenance"]["leaks"] == []
    assert "leak" not in printed.err
