"""The quickstart's commands and its Python run as they stand on the page."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq

from tests.docs.pages import DOCS, blocks, commands

PAGE = DOCS / "quickstart.md"


def run(arguments: list[str], place: Path) -> str:
    """What a Python process printed that ran in `place`."""
    path = os.pathsep.join(str(Path(p).resolve()) for p in sys.path)
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=place,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout


def test_the_page_from_top_to_bottom(tmp_path: Path) -> None:
    for arguments in commands(PAGE):
        run(["-m", "benchmark_n", *arguments], tmp_path)
    assert (tmp_path / "scene.png").read_bytes()[:4] == b"\x89PNG"
    pages = list((tmp_path / "results").rglob("report.html"))
    assert len(pages) == 1
    (code,) = blocks(PAGE, "python")
    printed = run(["-c", code], tmp_path).split()
    table = pq.read_table(tmp_path / "benchmarks/scenes-n-hard-seed1/manifest.parquet").to_pandas()
    expected = ((~table.deleted) & (table.iou < 0.9)).sum()
    assert [printed[0], printed[2]] == [str(expected), str(len(table))]
