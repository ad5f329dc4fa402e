"""The digest of a manifest's rows, and how fast `make` is with it, in one run.

    python scripts/bench/digest.py [--annotations 60000] [--rounds 5] [--json]

Makes recipe ``hard-v1`` of real annotations repeated under new ids, COCO's and LVIS's, each in a
process of its own with one worker, and takes its rate by CPU seconds, imports included: on a shared
machine these hold better than seconds on the clock. Of the first one's manifest, the digest is then
taken over the 500 rows of a chunk at a time and over blocks of a row group, in turns.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# In place of this folder, whose modules have the names of packages (datasets, mmdet).
sys.path[0] = str(ROOT)

from benchmark_n.tables.manifest import open_manifest
from benchmark_n.tables.row_digest import RowDigest
from scripts.bench.make import SAMPLE, SHARED, source, tiled

LVIS = SHARED / "lvis_val_100" / "lvis_val_100.json"
CHUNK, BLOCK = 500, 1 << 16
# A second, on a quiet core.
TARGETS = {"coco": 6200, "lvis": 6500}


def make_rate(path: Path, out: Path, count: int) -> dict[str, float]:
    """CPU seconds of `make` in a process of its own, and annotations per CPU second."""
    command = [sys.executable, "-m", "benchmark_n", "make", "--dataset", "custom", "--quiet"]
    command += ["--annotations", str(path), "--recipe", "hard-v1", "--out", str(out)]
    process = subprocess.Popen([*command, "--workers", "1"], stdout=subprocess.DEVNULL, cwd=ROOT)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"make of {path.name} failed with status {status}")
    seconds = usage.ru_utime + usage.ru_stime
    return {"cpu_seconds": round(seconds, 2), "a_cpu_second": round(count / seconds)}


def digest_cost(manifest: Path, rounds: int) -> dict[str, float]:
    """Median CPU microseconds a row, by chunks and by blocks; both give one digest."""
    table = open_manifest(manifest).read().combine_chunks()
    seconds: dict[int, list[float]] = {CHUNK: [], BLOCK: []}
    found = set()
    for _ in range(rounds):
        for rows, taken in seconds.items():
            digest, start = RowDigest(table.schema), time.process_time()
            for first in range(0, len(table), rows):
                digest.update(table.slice(first, rows))
            found.add(digest.hexdigest())
            taken.append(time.process_time() - start)
    if len(found) != 1:
        sys.exit("the digest depends on how the rows are cut")
    chunks, blocks = (1e6 * statistics.median(s) / len(table) for s in seconds.values())
    return {
        "rows": len(table),
        "chunks_us_a_row": round(chunks, 2),
        "blocks_us_a_row": round(blocks, 2),
        "ratio": round(chunks / blocks, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--annotations", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    figures: dict[str, Any] = {"annotations": asked.annotations, "make": {}, "targets": TARGETS}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sources = {"coco": SAMPLE if SAMPLE.is_file() else source(folder)}
        if LVIS.is_file():
            sources["lvis"] = LVIS
        for kind, sample in sources.items():
            path = tiled(sample, folder / f"{kind}.json", asked.annotations)
            figures["make"][kind] = make_rate(path, folder / kind, asked.annotations)
        figures["digest"] = digest_cost(folder / "coco" / "manifest.parquet", asked.rounds)
    print(json.dumps(figures, indent=2) if asked.json else figures)


if __name__ == "__main__":
    main()
