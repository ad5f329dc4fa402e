"""A release's benchmarks are made and compared; what is not the release's bytes is seen."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from benchmark_n import Benchmark
from benchmark_n.benchmark import layout
from benchmark_n.cards.release import NOT_VERIFIED, Output, Release, read_release
from benchmark_n.cli import run
from benchmark_n.cli.verify import check_lines
from benchmark_n.coco.units import image_units
from benchmark_n.errors import InputError
from benchmark_n.experiments.release_checks import (
    DIFFERS,
    EQUAL,
    FAILED,
    NOT_HERE,
    BenchmarkCheck,
    counts,
)
from benchmark_n.experiments.verify_release import verify_release
from benchmark_n.files.json_yaml import dump_yaml
from benchmark_n.runtime.execution import Execution
from tests import making
from tests.cli.test_commands import Captured
from tests.conftest import REPOSITORY

ONE = Execution(workers=1)
SMALL = {"scenes-n-hard": 8, "phantom-n-mid": 8}


def small_release(**outputs: Any) -> Release:
    """Scenes and phantom of a few images; the sources of these have no digest of the package's."""
    shipped = read_release("1.0")
    entries = [
        msgspec.structs.replace(
            entry,
            num_images=SMALL[entry.name],
            noisy=msgspec.structs.replace(entry.noisy, sha256=NOT_VERIFIED),
            outputs=outputs.get(entry.dataset, {1: NOT_VERIFIED}),
        )
        for entry in shipped.chosen(list(SMALL))
    ]
    return msgspec.structs.replace(shipped, frozen=None, benchmarks=entries)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Benchmark]:
    found = {}
    for name, count in SMALL.items():
        dataset, _, tier = name.split("-")
        out = tmp_path_factory.mktemp("made") / name
        found[dataset] = making.make(dataset, tier, num_images=count, out=out, workers=2)
    return found


@pytest.fixture(scope="module")
def digests(made: dict[str, Benchmark]) -> dict[str, Output]:
    """What `make` writes, by hand: the file's own bytes, and the rows' digest of its checksums."""
    found = {}
    for dataset, benchmark in made.items():
        sums = (benchmark.path / layout.CHECKSUMS).read_text().splitlines()
        rows = next(line.split()[-1] for line in sums if line.startswith(layout.ROWS_LINE))
        content = benchmark.annotations.read_bytes()
        found[dataset] = Output(hashlib.sha256(content).hexdigest(), rows)
    return found


@pytest.fixture
def release(digests: dict[str, Output]) -> Release:
    return small_release(**{name: {1: output} for name, output in digests.items()})


def test_what_is_the_releases_is_equal(release: Release, made: dict[str, Benchmark]) -> None:
    checks = list(verify_release(release, execution=ONE))
    assert [check.state for check in checks] == [EQUAL, EQUAL]
    for check in checks:
        clean_val = made[check.entry.dataset].clean_val
        assert clean_val is not None
        assert check.clean == hashlib.sha256(clean_val.read_bytes()).hexdigest()
    assert counts(checks)[EQUAL] == 2


def test_units_are_what_the_image_records_name(made: dict[str, Benchmark]) -> None:
    named = {entry.dataset: entry.units for entry in read_release("1.0").chosen(list(SMALL))}
    for dataset, benchmark in made.items():
        noisy = benchmark.noisy()
        field = image_units(noisy, np.array(list(noisy.images), np.int64)).field
        assert field.removesuffix("_id") == named[dataset]


@pytest.mark.parametrize("part", ["annotations", "rows"])
def test_a_tampered_digest_is_caught(digests: dict[str, Output], part: str) -> None:
    spoilt = msgspec.structs.replace(digests["scenes"], **{part: "0" * 64})
    release = small_release(scenes={1: spoilt}, phantom={1: digests["phantom"]})
    first, second = verify_release(release, execution=ONE)
    assert (first.state, second.state) == (DIFFERS, EQUAL)
    (seed,) = first.seeds
    assert (seed.expected, seed.found) == (spoilt, digests["scenes"])


def test_another_source_or_recipe_is_told_as_such(release: Release) -> None:
    entry = release.benchmarks[0]
    other = msgspec.structs.replace(entry.noisy, sha256="1" * 64)
    entries = [
        msgspec.structs.replace(entry, noisy=other),
        msgspec.structs.replace(entry, name="of-version-1", version=1),
    ]
    source, recipe = verify_release(
        msgspec.structs.replace(release, benchmarks=entries), execution=ONE
    )
    assert (source.state, recipe.state) == (DIFFERS, DIFFERS)
    assert str(source.source) in source.reason
    assert "1" * 64 in source.reason
    assert recipe.reason.endswith("version 2, the release has hard, version 1")
    assert recipe.seeds == ()
    blank = dict.fromkeys(entry.outputs, NOT_VERIFIED)
    entries[0] = msgspec.structs.replace(entries[0], outputs=blank)
    (source,) = verify_release(
        msgspec.structs.replace(release, benchmarks=entries[:1]), execution=ONE
    )
    assert source.seeds
    # Digests of another file are not asked for.
    assert check_lines(source, "1.0", None) == [f"{entry.name}: {DIFFERS}: {source.reason}"]


def test_another_clean_split_differs(release: Release) -> None:
    entry = release.benchmarks[0]
    assert entry.clean is not None
    right = entry.clean.sha256
    other = msgspec.structs.replace(entry.clean, sha256="2" * 64)
    entries = [msgspec.structs.replace(entry, clean=other)]
    (check,) = verify_release(msgspec.structs.replace(release, benchmarks=entries), execution=ONE)
    assert check.state == DIFFERS
    reason = f"the clean split has SHA-256 {right}, the release has {'2' * 64}"
    assert check.reason == reason
    assert check.to_dict()["clean"] == {"found": right, "expected": "2" * 64}
    unknown = msgspec.structs.replace(entry.clean, sha256=NOT_VERIFIED)
    entries = [msgspec.structs.replace(entry, clean=unknown)]
    (check,) = verify_release(msgspec.structs.replace(release, benchmarks=entries), execution=ONE)
    assert (check.state, check.clean) == (EQUAL, right)


def test_what_is_missing_is_named_and_what_fails_too(tmp_path: Path) -> None:
    shipped = read_release("1.0")
    names = ["coco-n-hard", "camus-n-easy", "coco128-mid", "coco-wan-easy"]
    checks = list(verify_release(shipped, tmp_path, only=names))
    assert {check.state for check in checks} == {NOT_HERE}
    reasons = {check.entry.name: check.reason for check in checks}
    assert "no train2017 of coco under" in reasons["coco-n-hard"]
    assert "benchmark-n fetch coco --split train2017" in reasons["coco-n-hard"]
    assert "benchmark-n fetch camus says how" in reasons["camus-n-easy"]
    assert "no coco128/instances_coco128.json under" in reasons["coco128-mid"]
    annotations = tmp_path / "coco" / "annotations" / "instances_train2017.json"
    annotations.parent.mkdir(parents=True)
    annotations.write_text("{")
    (check,) = verify_release(shipped, tmp_path, only=["coco-n-hard"], execution=ONE)
    assert check.state == FAILED
    assert "instances_train2017.json" in check.reason


def test_networks_draw_only_where_they_are_named(tmp_path: Path) -> None:
    annotations = tmp_path / "coco" / "annotations" / "instances_train2017.json"
    annotations.parent.mkdir(parents=True)
    annotations.write_text("{")
    shipped = read_release("1.0")
    alone = msgspec.structs.replace(shipped, benchmarks=shipped.chosen(["coco-wan-easy"]))
    (unnamed,) = verify_release(alone, tmp_path)
    assert unnamed.state == NOT_HERE
    assert "takes hours: made where it is named" in unnamed.reason
    (named,) = verify_release(alone, tmp_path, only=["coco-wan-easy"])
    assert named.state == FAILED


def test_the_command_prints_a_line_for_each_and_fails_on_a_difference(
    digests: dict[str, Output], tmp_path: Path, capsys: Captured
) -> None:
    spoilt = msgspec.structs.replace(digests["phantom"], rows="0" * 64)
    release = small_release(scenes={1: digests["scenes"], 2: NOT_VERIFIED}, phantom={1: spoilt})
    path = tmp_path / "small.yaml"
    path.write_text(dump_yaml(msgspec.to_builtins(release)))
    asked = ["verify", "--release", str(path), "--workers", "1", "-q"]
    with pytest.raises(SystemExit, match="1"):
        run(asked)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "scenes-n-hard seed 1: equal"
    assert lines[1].startswith("scenes-n-hard seed 2: not yet verified: annotations ")
    rows = f"rows {digests['phantom'].rows}, the release has {'0' * 64}"
    assert lines[2] == f"phantom-n-mid seed 1: differs: annotations equal; {rows}"
    assert lines[3].startswith("Benchmark-N release 1.0 (not frozen yet): 0 equal, 1 differs, 0 ")
    assert run([*asked, "--only", "scenes-N", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["counts"] == {
        **dict.fromkeys((EQUAL, DIFFERS, FAILED, NOT_HERE), 0),
        NOT_VERIFIED: 1,
    }
    assert [seed["state"] for seed in told["benchmarks"][0]["seeds"]] == [EQUAL, NOT_VERIFIED]


def test_the_command_prints_each_line_as_it_comes(
    release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    """What stops the second benchmark does not take back what was told of the first."""
    path = tmp_path / "small.yaml"
    path.write_text(dump_yaml(msgspec.to_builtins(release)))

    def stopped(*given: Any, **options: Any) -> Iterator[BenchmarkCheck]:
        yield BenchmarkCheck(release.benchmarks[0], NOT_HERE, "no data")
        raise InputError("stopped")

    monkeypatch.setattr("benchmark_n.experiments.verify_release.verify_release", stopped)
    asked = ["verify", "--release", str(path), "-q"]
    assert run(asked) == 1
    out, err = capsys.readouterr()
    assert out.startswith("scenes-n-hard: not here: no data; then benchmark-n verify ")
    assert "stopped" in err
    assert run([*asked, "--json"]) == 1
    assert capsys.readouterr().out == ""


def test_lines_go_to_standard_output_beside_a_bar(tmp_path: Path) -> None:
    """Standard error is a terminal, where a bar is drawn, and standard output is not."""
    above, below = pty.openpty()
    asked = ["verify", "--release", "1.0", "--only", "coco-n-hard", "--data", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmark_n", *asked],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=below,
        text=True,
    )
    os.close(below)
    drawn = os.read(above, 100_000).decode()
    os.close(above)
    assert done.returncode == 0
    assert "benchmarks" in drawn
    assert "not here" not in drawn
    first, last = done.stdout.splitlines()
    assert first.startswith("coco-n-hard: not here: ")
    assert last.startswith("Benchmark-N release 1.0")


def test_the_script_fills_in_what_is_here_and_changes_nothing_of_a_frozen_release(
    digests: dict[str, Output], tmp_path: Path
) -> None:
    stale = Output("0" * 64, "0" * 64)
    release = small_release(scenes={1: NOT_VERIFIED}, phantom={1: stale})
    (right,) = {entry.clean for entry in release.benchmarks if entry.dataset == "scenes"}
    assert right is not None
    wrong = msgspec.structs.replace(right, sha256="3" * 64)
    release.benchmarks[0] = msgspec.structs.replace(release.benchmarks[0], clean=wrong)
    missing = read_release("1.0").chosen(["camus-n-easy"])
    old = msgspec.structs.replace(missing[0], name="old", version=0, outputs={1: stale, 2: stale})
    missing.append(old)
    path = tmp_path / "small.yaml"

    def run_script(frozen: str | None) -> subprocess.CompletedProcess[str]:
        written = msgspec.structs.replace(
            release, frozen=frozen, benchmarks=[*release.benchmarks, *missing]
        )
        path.write_text("# A head.\n" + dump_yaml(msgspec.to_builtins(written)))
        script = REPOSITORY / "scripts" / "build" / "release.py"
        words = ["--release", str(path), "--data", str(tmp_path), "--workers", "1"]
        return subprocess.run(
            [sys.executable, str(script), *words],
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            text=True,
        )

    done = run_script(None)
    assert done.returncode == 0, done.stderr
    assert path.read_text().startswith("# A head.\nrelease: '1.0'\n")
    filled = {entry.dataset: entry for entry in read_release(path).benchmarks}
    assert filled["scenes"].outputs == {1: digests["scenes"]}
    assert filled["phantom"].outputs == {1: digests["phantom"]}
    assert filled["scenes"].clean == right
    assert "phantom-n-mid: written anew\n" in done.stderr
    *_, same, changed = read_release(path).benchmarks
    assert same == missing[0]
    assert "camus-n-easy: not here\n" in done.stderr
    # The digests that it had are of another version's bytes.
    assert (changed.version, changed.outputs) == (same.version, dict.fromkeys((1, 2), NOT_VERIFIED))
    assert f"old: not here: recipe {old.recipe}, version 0, is now {old.recipe}, " in done.stderr
    done = run_script("2026-12-01")
    assert done.returncode == 1
    would = "frozen on 2026-12-01: scenes-n-mid, phantom-n-mid, old would be another"
    assert would.replace("scenes-n-mid", release.benchmarks[0].name) in done.stderr
    assert read_release(path).benchmarks[1].outputs == {1: stale}
    release.benchmarks[0] = msgspec.structs.replace(release.benchmarks[0], clean=right)
    release.benchmarks[1] = msgspec.structs.replace(
        release.benchmarks[1], outputs={1: NOT_VERIFIED}
    )
    missing.remove(old)
    done = run_script("2026-12-01")
    assert done.returncode == 0, done.stderr
    added = read_release(path)
    assert added.frozen == "2026-12-01"
    assert [entry.outputs[1] for entry in added.benchmarks[:2]] == [
        digests["scenes"], digests["phantom"]
    ]  # fmt: skip


def test_the_command_says_what_is_not_here_and_how_to_verify_it(
    tmp_path: Path, capsys: Captured
) -> None:
    asked = ["verify", "--release", "1.0", "--only", "coco-n-hard", "--data", str(tmp_path), "-q"]
    assert run(asked) == 0
    line = capsys.readouterr().out.splitlines()[0]
    assert line.startswith("coco-n-hard: not here: no train2017 of coco under ")
    assert line.endswith(
        f"; then benchmark-n verify --release 1.0 --only coco-n-hard --data {tmp_path}"
    )
    assert run(["verify", "--release", "1.0", "--only", "coco", "-q"]) == 2
    assert "--only is 'coco', no benchmark of release 1.0" in capsys.readouterr().err
