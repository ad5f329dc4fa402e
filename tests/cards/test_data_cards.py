"""The committed cards are those that the script writes now."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from datasets import load_dataset

from benchmark_n import Benchmark
from benchmark_n.benchmark import layout
from tests.conftest import REPOSITORY, SHARED


def test_committed_cards_are_up_to_date(tmp_path: Path) -> None:
    if not SHARED.is_dir():
        pytest.skip("the samples that the recipe cards measure are not at hand")
    script = REPOSITORY / "scripts" / "build" / "cards.py"
    command = [sys.executable, str(script), "--out", str(tmp_path), "--samples", str(SHARED)]
    subprocess.run(command, check=True, cwd=REPOSITORY)
    committed = REPOSITORY / "data_cards"
    made = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    kept = {path.relative_to(committed) for path in committed.rglob("*") if path.is_file()}
    assert made == kept
    for path in made:
        if path.suffix != ".png":
            assert (tmp_path / path).read_text() == (committed / path).read_text(), path


def test_datasets_reads_the_manifest(carded: Benchmark, tmp_path: Path) -> None:
    read = load_dataset(
        "parquet",
        data_files=str(carded.path / layout.MANIFEST),
        split="train",
        cache_dir=str(tmp_path),
    )
    assert read.to_list() == carded.manifest(read.column_names).to_pylist()
