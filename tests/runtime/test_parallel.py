"""Workers that are interrupted, have no memory to begin, or began in another folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmark_n.errors import InputError
from benchmark_n.runtime.parallel import available_cores, ordered_map

PROGRAM = """
import signal
from benchmark_n.runtime.parallel import ordered_map

def blocked(number):
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])

if __name__ == "__main__":
    print(*ordered_map(blocked, range(4), workers=2), blocked(0))
"""


def test_workers_never_see_an_interruption_and_their_parent_does() -> None:
    """In a process of its own: what was started before would hide a lifted block."""
    words = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout.split() == ["True"] * 4 + ["False"], done.stderr


def _no_memory() -> None:
    raise MemoryError("none is left")


class Heavy:
    """Raises where it arrives."""

    def __reduce__(self) -> Any:
        return _no_memory, ()


def test_a_worker_without_memory_for_its_work_is_one_line() -> None:
    with pytest.raises(InputError, match=r"take up its work \(MemoryError: none is left; often"):
        list(ordered_map(str, [Heavy() for _ in range(4)], workers=2))


FAILING = """
import time
from benchmark_n.runtime.parallel import ordered_map

def slow(number):
    time.sleep(0.05)
    return number

if __name__ == "__main__":
    for number in ordered_map(slow, range(100), workers=2):
        if number == 5:
            raise SystemExit("a line")
"""


def test_work_that_nobody_wants_any_more_ends_in_silence() -> None:
    """joblib warns of what it cancels; the user has a line of ours."""
    words = [sys.executable, "-c", FAILING]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "a line\n")


def _read(name: str) -> str:
    return Path(name).read_text()


def test_workers_of_an_earlier_folder_read_the_files_of_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("first", "second"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "file").write_text(place)
        monkeypatch.chdir(tmp_path / place)
        assert set(ordered_map(_read, ["file"] * 8, workers=2)) == {place}


def test_cores_are_as_many_as_may_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """joblib asks the affinity and the quota of the container; a limit is the least of them."""
    assert available_cores() <= len(os.sched_getaffinity(0))
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    assert available_cores() == 1
