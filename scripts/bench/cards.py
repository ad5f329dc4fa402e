"""Time and memory of the card of a large benchmark.

    python scripts/bench/cards.py [--count 860000] [--work DIR]

The benchmark is the hard tier of a real sample, repeated under new ids; it is made first, and kept
in `--work` where that is given, so that a second run measures the card alone.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# In place of this folder, whose modules have the names of packages (datasets, mmdet).
sys.path[0] = str(ROOT)

import benchmark_n
from scripts.bench.make import source, tiled


def large_benchmark(work: Path, count: int) -> Path:
    """The benchmark directory, made unless it is there."""
    folder = work / f"coco-n-hard-{count}"
    if not folder.is_dir():
        file = tiled(source(work), work / "tiled.json", count)
        # One process: its memory must not be counted among the children's.
        benchmark_n.make(
            "coco",
            "hard",
            out=folder,
            source=benchmark_n.SourceOptions(annotations=file),
            execution=benchmark_n.Execution(workers=1),
        )
        file.unlink()
    return folder


def timed_card(benchmark: Path) -> dict[str, float]:
    """Seconds and peak memory of the command, in a process of its own."""
    command = [sys.executable, "-m", "benchmark_n", "card", str(benchmark)]
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "seconds": time.perf_counter() - start,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_gb": usage.ru_maxrss / 1e6,
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=860_000)
    parser.add_argument("--work", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = arguments.work or Path(temporary)
        benchmark = large_benchmark(work, arguments.count)
        print(json.dumps({"annotations": arguments.count, **timed_card(benchmark)}, indent=2))


if __name__ == "__main__":
    main()
