"""The papers' figures stand once in `configs/papers`, and the pages show what is there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import REPOSITORY

SCRIPT = REPOSITORY / "scripts" / "build" / "reproduction.py"
PAPERS = sorted((REPOSITORY / "configs" / "papers").glob("*.yaml"))


def _check(root: Path) -> subprocess.CompletedProcess[str]:
    script = root / SCRIPT.relative_to(REPOSITORY)
    command = [sys.executable, str(script), "--check"]
    return subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY)


def _copy(root: Path) -> None:
    for path in [SCRIPT, *PAPERS, *(REPOSITORY / "docs" / "reproduction").glob("*.md")]:
        target = root / path.relative_to(REPOSITORY)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    results = root / "scripts" / "results"
    results.parent.mkdir(parents=True, exist_ok=True)
    results.symlink_to(REPOSITORY / "scripts" / "results")


def test_the_pages_are_up_to_date() -> None:
    assert _check(REPOSITORY).returncode == 0


def test_a_changed_figure_is_noticed(tmp_path: Path) -> None:
    _copy(tmp_path)
    assert _check(tmp_path).returncode == 0
    path = tmp_path / "configs" / "papers" / "noisy_annotations.yaml"
    path.write_text(
        path.read_text().replace("[34.6, 27.9, 24.8, 22.3]", "[34.6, 27.8, 24.8, 22.3]")
    )
    found = _check(tmp_path)
    assert found.returncode == 1
    assert "docs/reproduction/benchmark-n.md is out of date" in found.stderr


def test_a_short_row_is_refused(tmp_path: Path) -> None:
    _copy(tmp_path)
    path = tmp_path / "configs" / "papers" / "mirror.yaml"
    path.write_text(path.read_text().replace("[0.93, 0.93, 0.95, 0.97]", "[0.93, 0.93, 0.95]"))
    found = _check(tmp_path)
    assert (found.returncode, found.stderr) == (
        1,
        "mirror.yaml: table 1, row 'MIRROR': 3 values, expected 4\n",
    )


@pytest.mark.parametrize(
    ("table", "row", "shares"),
    [
        # As the paper's text has them: section 4.1, of Table 3.
        ("3", "COCO-N, Mask R-CNN R-50", [80.6, 71.7, 64.4]),
        ("3", "CityScapes-N, Mask R-CNN R-50", [72.8, 60.9, 45.0]),
    ],
)
def test_shares_are_those_of_the_text(table: str, row: str, shares: list[float]) -> None:
    path = REPOSITORY / "configs" / "papers" / "noisy_annotations.yaml"
    tables = {one["table"]: one for one in yaml.safe_load(path.read_text())["tables"]}
    clean, *noisy = tables[table]["rows"][row]
    assert [100 * value / clean for value in noisy] == pytest.approx(shares, abs=0.4)
