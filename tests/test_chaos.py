"""A few kills and interruptions of small commands; scripts/faults/chaos.py does many."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY


@pytest.mark.parametrize("command", ["make, two workers", "review import"])
def test_no_fault_leaves_what_only_looks_like_a_result(command: str, tmp_path: Path) -> None:
    """In a process of its own: the script forks, which this one with its threads must not."""
    out = tmp_path / "chaos.json"
    options = ["--kills", "2", "--worker-kills", "1", "--annotations", "600", "--out", str(out)]
    script = REPOSITORY / "scripts" / "faults" / "chaos.py"
    words = [sys.executable, str(script), "--only", command, *options]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=300)
    result = json.loads(out.read_text())
    assert result["findings"] == [], done.stderr
    assert result["trials"] >= 6
    assert done.returncode == 0
