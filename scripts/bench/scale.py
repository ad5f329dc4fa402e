"""How time and memory of `make` grow with the number of annotations, and dask over two workers.

    python scripts/bench/scale.py               all sizes, then the fit, the plot and the dask check
    python scripts/bench/scale.py --counts 100000,300000

The files are the annotations of real images (coco128) repeated under new ids. Each size is one
process of its own with two workers; sizes that the results file has are not measured again. CPU
seconds are fitted, for they hold on a shared machine too; seconds on the clock stand beside them.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
# In place of this folder, whose modules have the names of packages (datasets, mmdet).
sys.path[0] = str(ROOT)

from benchmark_n.files.provenance import environment
from scripts.bench.make import SHARED, family_memory, source, tiled
from tests.local_cluster import dask_cluster

COCO128 = SHARED / "coco128" / "instances_coco128.json"
TRAIN2017 = 860_000
COUNTS = (4_000, 8_000, 100_000, TRAIN2017, 2_000_000)
EXTRAPOLATED = (TRAIN2017, 2_000_000, 10_000_000, 100_000_000)
DASK_COUNT = 10_000
RESULTS = ROOT / "scripts" / "results" / "scale.json"
PLOT = ROOT / "docs" / "scale.png"
FITTED = (
    "cpu_seconds",
    "parent_cpu_seconds",
    "peak_bytes",
    "parent_peak_bytes",
    "input_bytes",
    "output_bytes",
)

# Runs in the measured process: the parent's share of the CPU time is what no worker can take over.
CHILD = """
import json, resource, sys
import benchmark_n
path, out = sys.argv[1:3]
source, execution = benchmark_n.SourceOptions(annotations=path), benchmark_n.Execution(workers=2)
benchmark_n.make("custom", "hard", out=out, source=source, execution=execution)
from joblib.externals.loky import get_reusable_executor
get_reusable_executor().shutdown(wait=True)
usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps([[u.ru_utime + u.ru_stime, u.ru_maxrss * 1024] for u in usage]))
"""


def measure(path: Path, out: Path, count: int) -> dict[str, Any]:
    """Make the hard tier of `path` in a process of its own; seconds, bytes."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path), str(out)], stdout=subprocess.PIPE, cwd=ROOT
    )
    peak, done = 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.5):
            peak = max(peak, family_memory(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    output, _ = process.communicate()
    done.set()
    watcher.join()
    if process.returncode:
        sys.exit(f"make of {count} annotations failed with exit code {process.returncode}")
    (parent, parent_peak), (workers, worker_peak) = json.loads(output)
    return {
        "annotations": count,
        "workers": 2,
        "seconds": time.perf_counter() - start,
        "cpu_seconds": parent + workers,
        "parent_cpu_seconds": parent,
        "peak_bytes": peak,
        "parent_peak_bytes": parent_peak,
        "worker_peak_bytes": worker_peak,
        "input_bytes": path.stat().st_size,
        "output_bytes": sum(f.stat().st_size for f in out.rglob("*") if f.is_file()),
    }


def linear(rows: list[dict[str, Any]], field: str) -> dict[str, float]:
    """Least squares of the relative distances of a field's values from a line over the sizes.

    `worst` is the largest of these distances.
    """
    x = np.array([row["annotations"] for row in rows], float)
    y = np.array([row[field] for row in rows], float)
    slope, start = np.polyfit(x, y, 1, w=1 / y)
    worst = np.abs(slope * x + start - y) / y
    return {"slope": float(slope), "start": float(start), "worst": float(worst.max())}


def extrapolate(fits: dict[str, dict[str, float]], count: int) -> dict[str, Any]:
    """What the lines say for `count` annotations; never measured."""
    values = {name: fit["start"] + fit["slope"] * count for name, fit in fits.items()}
    return {"annotations": count, "extrapolated": True, **values}


def annotations(folder: Path) -> Path:
    """Those of coco128, or of another sample where it is absent."""
    return COCO128 if COCO128.is_file() else source(folder)


def same_over_dask(folder: Path) -> dict[str, Any]:
    """One benchmark made here and by two dask workers in folders of their own."""
    path = tiled(annotations(folder), folder / "dask.json", DASK_COUNT)
    sums, seconds = [], []
    with dask_cluster(folder) as address:
        for name, options in {
            "one": ["--workers", "1"],
            "dask": ["--backend", "dask", "--scheduler", address],
        }.items():
            command = [sys.executable, "-m", "benchmark_n", "make", "--dataset", "custom", "-q"]
            command += ["--tier", "hard", "--annotations", str(path), "--out", str(folder / name)]
            start = time.perf_counter()
            subprocess.run([*command, *options], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
            seconds.append(time.perf_counter() - start)
            sums.append((folder / name / "SHA256SUMS").read_text())
    return {
        "annotations": DASK_COUNT,
        "equal": sums[0] == sums[1],
        "seconds_one_process": seconds[0],
        "seconds_dask": seconds[1],
    }


def plot(results: dict[str, Any], path: Path) -> None:
    """Measured points, fitted lines, and the extrapolated sizes as hollow points."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    panels = [
        (axes[0], "CPU time, minutes", 60, {"cpu_seconds": "all", "parent_cpu_seconds": "parent"}),
        (axes[1], "peak memory, GB", 1e9, {"peak_bytes": "all", "parent_peak_bytes": "parent"}),
    ]
    million = np.array([0, max(row["annotations"] for row in results["measured"])]) / 1e6
    for axis, label, unit, fields in panels:
        for field, name in fields.items():
            fit = results["fits"][field]
            x = [row["annotations"] / 1e6 for row in results["measured"]]
            y = [row[field] / unit for row in results["measured"]]
            (points,) = axis.plot(x, y, "o", label=f"{name}: measured")
            line = (fit["start"] + fit["slope"] * million * 1e6) / unit
            axis.plot(million, line, color=points.get_color(), label=f"{name}: line")
        axis.set(xlabel="annotations, millions", ylabel=label, xlim=(0, None), ylim=(0, None))
        axis.legend()
    figure.suptitle("make, hard tier, two workers: measured sizes and fitted lines")
    figure.savefig(path, dpi=90)


def load(path: Path) -> dict[str, Any]:
    """What was measured before."""
    found: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    return {"measured": [], **found}


def save(results: dict[str, Any], path: Path) -> None:
    path.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


def machine() -> str:
    """Name of the processor."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = (line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())


def run(results: dict[str, Any], counts: list[int], out: Path, folder: Path) -> None:
    """Measure what is missing, saving after each size; then fit."""
    results["machine"], results["environment"] = machine(), environment()
    known = {row["annotations"] for row in results["measured"]}
    for count in sorted(set(counts) - known):
        path = tiled(annotations(folder), folder / "tiled.json", count)
        results["measured"].append(measure(path, folder / "made", count))
        print(json.dumps(results["measured"][-1]), file=sys.stderr)
        shutil.rmtree(folder / "made")
        save(results, out)
    if "dask" not in results:
        results["dask"] = same_over_dask(folder)
    rows = sorted(results["measured"], key=lambda row: row["annotations"])
    fits = {name: linear(rows, name) for name in FITTED}
    results |= {"measured": rows, "fits": fits}
    largest = rows[-1]["annotations"]
    beyond = [count for count in EXTRAPOLATED if count > largest]
    results["extrapolated"] = [extrapolate(fits, count) for count in beyond]


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--counts", default=",".join(map(str, COUNTS)))
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--plot", type=Path, default=PLOT)
    arguments = parser.parse_args()
    counts = [int(count) for count in arguments.counts.split(",")]
    results = load(arguments.out)
    with tempfile.TemporaryDirectory() as folder:
        run(results, counts, arguments.out, Path(folder))
    save(results, arguments.out)
    plot(results, arguments.plot)
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
