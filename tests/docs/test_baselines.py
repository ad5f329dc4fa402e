"""The page of the baseline grid shows what was measured."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

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
