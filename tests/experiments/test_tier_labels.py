"""Labels of tiers as results files, against the records of the benchmarks themselves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmark_n import Benchmark
from benchmark_n.cli import run
from benchmark_n.errors import InputError, UsageError
from benchmark_n.experiments.tier_labels import tier_family, write_tier_labels
from tests import making, samples


def shown(records: list[dict[str, object]]) -> list[tuple[object, ...]]:
    names = "image_id", "category_id", "segmentation", "bbox"
    return [tuple(record[name] for name in names) for record in records]


def test_a_tier_that_is_not_there_is_made_of_the_same_source_and_seed(
    scenes_hard: Benchmark, tmp_path: Path
) -> None:
    files = write_tier_labels(scenes_hard, ["clean", "easy", "hard"], tmp_path)
    made = making.make("scenes", "easy", num_images=60, out=tmp_path / "easy", workers=1)
    for name, labels in (
        ("clean", scenes_hard.clean()),
        ("easy", made.noisy()),
        ("hard", scenes_hard.noisy()),
    ):
        found = json.loads(files[name].read_text())
        assert shown(found) == shown(list(labels.records()))
        assert {record["score"] for record in found} == {1.0}


def test_the_command_makes_the_files_and_puts_clean_first(
    scenes_hard: Benchmark,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["eval", str(scenes_hard.path), "--iou-type", "segm", "--compare"]
    assert run(words) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert [row[0] for row in rows] == ["clean", "easy", "mid", "hard"]
    assert rows[0][1:] == ["100.00", "100.00"]
    kept = [float(row[2]) for row in rows]
    assert kept == sorted(kept, reverse=True)
    assert run([*words[:-1], "--out", str(scenes_hard.path), "--compare", "hard"]) == 1
    assert "is a benchmark: results go elsewhere" in capsys.readouterr().err
    assert not (scenes_hard.path / "labels").exists()
    file = "results/scenes-hard-compare/labels/hard.json"
    assert (
        run([*words[:-1], "--compare", f"mine={file}", "--compare", "hard", "--format", "csv"]) == 0
    )
    lines = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("#")]
    cells = [line.split(",") for line in lines[1:]]
    assert [row[1] for row in cells] == ["mine", "hard"]
    assert cells[0][2:] == cells[1][2:]


def test_a_file_of_ones_own_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = samples.write(tmp_path, samples.document())
    made = making.make(annotations=source, tier="hard", out=tmp_path / "b" / "hard", workers=1)
    with pytest.raises(InputError, match=r"no benchmark of tier easy from .* lies beside it"):
        write_tier_labels(made, ["easy"], tmp_path / "l")
    other = tmp_path / "other.json"
    other.write_text(source.read_text() + " ")
    with pytest.raises(InputError, match=r"not the file that .* was made from"):
        write_tier_labels(made, ["easy"], tmp_path / "l", other)
    named = write_tier_labels(made, ["easy"], tmp_path / "l", source)["easy"].read_bytes()
    making.make(annotations=source, tier="easy", out=tmp_path / "b" / "easy", workers=1)
    assert write_tier_labels(made, ["easy"], tmp_path / "m")["easy"].read_bytes() == named
    capsys.readouterr()
    assert run(["eval", "--ground-truth", str(source), "--compare", "easy"]) == 2
    assert "needs BENCHMARK" in capsys.readouterr().err
    assert run(["eval", str(made.path), "--masks", "noisy", "--format", "csv"]) == 2
    assert "--format csv is for --compare" in capsys.readouterr().err


def test_unknown_tiers_and_secret_seeds(scenes_hard: Benchmark, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no recipe 'hrd': did you mean"):
        write_tier_labels(scenes_hard, ["hrd"], tmp_path)
    sealed = making.make(
        "scenes", "hard", seed=None, num_images=4, out=tmp_path / "s", sealed=True, workers=1
    )
    with pytest.raises(UsageError, match="has no seed to make others with"):
        write_tier_labels(sealed, ["easy"], tmp_path)


def test_families() -> None:
    assert tier_family("hard") == ["clean", "easy", "mid", "hard"]
    assert tier_family("camus-low") == ["clean", "camus-low", "camus-mid", "camus-high"]
    assert tier_family("mid-v1") == ["clean", "easy-v1", "mid-v1", "hard-v1"]
