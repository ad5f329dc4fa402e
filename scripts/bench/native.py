"""`make` with the native kernel and without: CPU time an annotation, in turns in one run.

    python scripts/bench/native.py                   all parts, the tiers of both versions
    python scripts/bench/native.py --part large      860,000 annotations, two workers, natively

Each `make` is a process of its own, whose CPU seconds (user and system, of its workers too) count
from its start, imports included. The checksums of both have to be equal. Results go, one by one,
to scripts/results/native.json.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import runpy
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "scripts" / "results" / "native.json"
SHARED = Path(os.environ.get("BENCHMARK_N_SHARED_DATA", ROOT.parent / "shared" / "data"))
VAL2014 = SHARED / "coco_val2014_100" / "instances_val2014_100.json"
LVIS = SHARED / "lvis_val_100" / "lvis_val_100.json"
TIERS = ("hard", "hard-v1")
PARTS = ("640x480", "2048x1024", "lvis", "large")
WIDE = (2048, 1024)  # width and height, px
LARGE = 860_000
tiled = runpy.run_path(str(ROOT / "scripts" / "bench" / "make.py"))["tiled"]


def stretched(path: Path, out: Path) -> Path:
    """The file's polygons in images of `WIDE`, as large a part of them as before."""
    data = json.loads(path.read_text())
    scales = {i["id"]: (WIDE[0] / i["width"], WIDE[1] / i["height"]) for i in data["images"]}
    data["annotations"] = [a for a in data["annotations"] if isinstance(a["segmentation"], list)]
    for record in data["annotations"]:
        record["segmentation"] = [
            [round(v * scales[record["image_id"]][i % 2], 2) for i, v in enumerate(polygon)]
            for polygon in record["segmentation"]
        ]
    for image in data["images"]:
        image["width"], image["height"] = WIDE
    out.write_text(json.dumps(data))
    return out


def make(path: Path, tier: str, native: bool, workers: int, out: Path) -> tuple[float, float, str]:
    """CPU seconds, seconds on the clock, and the checksums."""
    before, clock = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [
            *(sys.executable, "-m", "benchmark_n", "make", "--dataset", "custom", "-q"),
            *("--tier", tier, "--annotations", str(path), "--out", str(out), "--overwrite"),
            *("--workers", str(workers)),
        ],
        env={**os.environ, "BENCHMARK_N_NATIVE": str(int(native))},
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    after, seconds = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - clock
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, seconds, (out / "SHA256SUMS").read_text()


def compare(path: Path, tier: str, count: int, rounds: int, folder: Path) -> dict[str, float]:
    """CPU µs an annotation, the least of some rounds: of processes that others slow down."""
    best = {True: float("inf"), False: float("inf")}
    for _ in range(rounds):
        sums = set()
        for native in best:
            cpu, _, text = make(path, tier, native, 1, folder / "made")
            best[native] = min(best[native], cpu / count * 1e6)
            sums.add(text)
        assert len(sums) == 1, f"{path.name}, {tier}: other bytes with the kernel than without"
    return {
        "python_us": round(best[False], 1),
        "native_us": round(best[True], 1),
        "ratio": round(best[False] / best[True], 2),
        "native_rate": round(1e6 / best[True]),
    }


def keep(key: str, found: dict[str, Any]) -> None:
    """Put a result into the file."""
    print(key, found, flush=True)
    results = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    RESULTS.write_text(json.dumps({**results, key: found}, indent=2, sort_keys=True) + "\n")


def main() -> None:
    """Measure and write the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", action="append", choices=PARTS, help="by default all")
    parser.add_argument("--tier", action="append", choices=TIERS, help="by default all")
    parser.add_argument("--count", type=int, default=40_000, help="annotations a file")
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in options.part or PARTS:
            source = LVIS if part == "lvis" else VAL2014
            if part == "2048x1024":
                source = stretched(source, folder / "stretched.json")
            count = LARGE if part == "large" else options.count
            path = tiled(source, folder / "tiled.json", count)
            for tier in options.tier or TIERS:
                if part == "large":
                    cpu, seconds, _ = make(path, tier, True, 2, folder / "made")
                    found: dict[str, Any] = {"cpu_s": round(cpu, 1), "clock_s": round(seconds, 1)}
                else:
                    found = compare(path, tier, count, options.rounds, folder)
                keep(f"{part}, {tier}", {"annotations": count, **found})


if __name__ == "__main__":
    main()
