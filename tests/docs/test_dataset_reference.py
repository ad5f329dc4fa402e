"""The page of datasets is what the script writes now, and has what the catalogue says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from benchmark_n.datasets.base import DATASETS
from tests.conftest import REPOSITORY
from tests.docs.pages import DOCS

PAGE = DOCS / "datasets.md"


def test_the_committed_page_is_up_to_date(tmp_path: Path) -> None:
    script = REPOSITORY / "scripts" / "build" / "dataset_reference.py"
    out = tmp_path / "datasets.md"
    subprocess.run([sys.executable, str(script), "--out", str(out)], check=True)
    assert out.read_text() == PAGE.read_text()


def test_labels_of_guarded_sources_are_said_to_stay() -> None:
    rows = dict(re.findall(r"^\| \[`(\w+)`\]\(#\w+\) \|(.*)$", PAGE.read_text(), re.MULTILINE))
    assert list(rows) == list(DATASETS.builtin)
    for name, row in rows.items():
        terms = DATASETS.load(name).terms
        assert ("| no: " in row) == terms.guarded, name
        assert ("| annotations, manifest" in row) == terms.shareable, name
