"""Workers and Ctrl-C."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import signal
from benchmark_n.parallel import ordered_map

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
