"""Processor time of whole commands, here and in another checkout, in turns.

    git worktree add ../before COMMIT
    python scripts/bench/commands.py --against ../before

Each command runs in a process of its own with one worker; the least of the rounds counts. Ratios
hold on a shared machine, seconds do not.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# In place of this folder, whose modules have the names of packages (datasets, mmdet).
sys.path[0] = str(ROOT)

from benchmark_n.experiments.seed_tables import markdown
from benchmark_n.files.provenance import environment
from scripts.bench.make import SHARED, tiled

RESULTS = ROOT / "scripts" / "results" / "commands.json"
COCO128 = SHARED / "coco128" / "instances_coco128.json"
VAL2014 = SHARED / "coco_val2014_100"
TILED = 20_000
_MAKE = ("make", "--tier", "hard", "--workers", "1", "-q", "--out", "made")

# Name to the command's arguments, given a folder of inputs.
COMMANDS: dict[str, Callable[[Path], list[str]]] = {
    "make, scenes": lambda _: [*_MAKE, "--dataset", "scenes"],
    "make, coco128": lambda _: [*_MAKE, "--dataset", "custom", "--annotations", str(COCO128)],
    f"make, coco128 tiled to {TILED:,}": lambda inputs: [
        *(*_MAKE, "--dataset", "custom", "--annotations", str(inputs / "tiled.json")),
    ],
    "eval, val2014 sample": lambda _: [
        *("eval", "--ground-truth", str(VAL2014 / "instances_val2014_100.json")),
        *("--predictions", str(VAL2014 / "instances_val2014_fakesegm100_results.json")),
    ],
    "detect, coco128, cleanlab on hog": lambda _: [
        *("detect", "--annotations", str(COCO128), "--images", str(COCO128.parent / "images")),
        *("--detector", "cleanlab", "--backbone", "hog", "--workers", "1", "--out", "page"),
        *("--evidence-dir", "evidence"),
    ],
}


def cpu_seconds(arguments: list[str], checkout: Path) -> float:
    """User and system time of a command, in an empty folder with the package of `checkout`."""
    environ = {**os.environ, "PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        words = [sys.executable, "-m", "benchmark_n", *arguments]
        subprocess.run(words, cwd=folder, env=environ, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compare(checkouts: dict[str, Path], rounds: int) -> dict[str, dict[str, float]]:
    """The least CPU seconds of each command in each checkout."""
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        tiled(COCO128, Path(folder) / "tiled.json", TILED)
        for name, arguments in COMMANDS.items():
            times: dict[str, list[float]] = {side: [] for side in checkouts}
            for _ in range(rounds):
                for side, checkout in checkouts.items():
                    times[side].append(cpu_seconds(arguments(Path(folder)), checkout))
            found[name] = {side: min(each) for side, each in times.items()}
            print(name, found[name], file=sys.stderr)
    return found


def table(results: dict[str, Any]) -> str:
    """Seconds of both sides and their ratio."""
    rows = [
        [name, f"{one['before']:.2f}", f"{one['now']:.2f}", f"{one['before'] / one['now']:.2f}x"]
        for name, one in results["cpu_seconds"].items()
    ]
    return markdown(["command", "before, CPU s", "now, CPU s", "ratio"], rows)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--against", type=Path, required=True, help="another checkout")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    against = arguments.against.resolve()
    words = ["git", "-C", str(against), "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()
    seconds = compare({"before": against, "now": ROOT}, arguments.rounds)
    results = {"before": commit, "cpu_seconds": seconds, "environment": environment()}
    arguments.out.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(table(results))


if __name__ == "__main__":
    main()
