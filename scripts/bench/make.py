"""Speed and memory of `make`, as ratios measured in one run.

    python scripts/bench/make.py            all parts; the large file takes some minutes
    python scripts/bench/make.py --part instances|workers|large     one part

The baseline is the plain full-canvas implementation of tests/plain_engine.py, which fills the same
manifest columns. Both sides go from raw records in memory to raw records, in turn, and their CPU
seconds are compared.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
# In place of this folder, whose modules have the names of packages (datasets, mmdet).
sys.path[0] = str(ROOT)

from benchmark_n.coco import CocoFile, read_coco
from benchmark_n.datasets import Request
from benchmark_n.noise.base import SpatialNoise
from benchmark_n.noise.chunks import chunks
from benchmark_n.noise.engine import Engine
from benchmark_n.noise.plan import decide, resolve
from benchmark_n.noise.recipe import load_recipe
from benchmark_n.runtime.parallel import ordered_map
from benchmark_n.runtime.random_streams import Stream
from tests import plain_engine

SHARED = Path(os.environ.get("BENCHMARK_N_SHARED_DATA", ROOT.parent / "shared" / "data"))
SAMPLE = SHARED / "coco_val2014_100" / "instances_val2014_100.json"
LARGE = 860_000


def source(folder: Path) -> Path:
    """The real sample, or the embedded scenes where it is absent."""
    if SAMPLE.is_file():
        return SAMPLE
    from benchmark_n.datasets.scenes.adapter import open_scenes

    return open_scenes(Request(folder / "scenes", "train")).annotations


def tiled(path: Path, out: Path, count: int, size: tuple[int, int] | None = None) -> Path:
    """`count` annotations by repeating the file under new ids; `size` replaces all image sizes."""
    data = json.loads(path.read_text())
    if size is not None:
        for image in data["images"]:
            image["width"], image["height"] = size
        # An RLE belongs to its image's size; polygons fit any.
        data["annotations"] = [
            a for a in data["annotations"] if isinstance(a["segmentation"], list)
        ]
    step_images = max(i["id"] for i in data["images"]) + 1
    step = max(a["id"] for a in data["annotations"]) + 1
    with out.open("w") as file:
        head = {k: v for k, v in data.items() if k not in ("images", "annotations")}
        file.write(json.dumps(head)[:-1] + ', "images": [')
        tiles = -(-count // len(data["annotations"]))
        for tile in range(tiles):
            images = [{**i, "id": i["id"] + tile * step_images} for i in data["images"]]
            file.write((", " if tile else "") + json.dumps(images)[1:-1])
        file.write('], "annotations": [')
        for tile in range(tiles):
            part = data["annotations"][: count - tile * len(data["annotations"])]
            records = [
                {**a, "id": a["id"] + tile * step, "image_id": a["image_id"] + tile * step_images}
                for a in part
            ]
            file.write((", " if tile else "") + json.dumps(records)[1:-1])
        file.write("]}")
    return out


def our_work(coco: CocoFile, size: int = 500) -> tuple[Engine, list[Any]]:
    recipe = resolve(load_recipe("hard"), coco)
    engine = Engine(recipe.noises, 1, coco.path.name, 0.02)
    return engine, list(chunks(recipe, coco, decide(recipe, coco, 1), coco.annotation_ids, size))


def plain_work(coco: CocoFile) -> list[Any]:
    """What the plain implementation needs of each annotation: raw record, size, noises drawn."""
    recipe = resolve(load_recipe("hard"), coco)
    decisions = decide(recipe, coco, 1)
    spatial = [noise for noise in recipe.noises if isinstance(noise, SpatialNoise)]
    work = []
    for i, raw in enumerate(coco.annotations):
        image = coco.images[int(coco.image_ids[i])]
        struck = [n for n in spatial if decisions.drawn[n.name][i] and not decisions.deleted[i]]
        work.append((bytes(raw), image.height, image.width, struck))
    return work


def run_plain(work: list[Any]) -> None:
    for raw, height, width, noises in work:
        record = json.loads(raw)
        struck = [(n, n.draw(Stream(1, n.name, record["id"]))) for n in noises]
        done = plain_engine.process(record["segmentation"], height, width, struck)
        counts = done["rle"]["counts"].decode()
        record["segmentation"] = {"size": done["rle"]["size"], "counts": counts}
        record["area"], record["bbox"] = done["noisy_area"], done["noisy_bbox"]
        json.dumps(record)


def alternate(
    a: Callable[[], Any], b: Callable[[], Any], rounds: int
) -> tuple[float, float, list[float]]:
    """Median CPU seconds of both, run in turn, and the ratios b/a pair by pair."""
    gc.collect()
    gc.freeze()  # the inputs are not garbage: keep the collector from walking them
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for place, function in enumerate((a, b)):
            start = time.process_time()
            function()
            times[place].append(time.process_time() - start)
    gc.unfreeze()
    ratios = [y / x for x, y in zip(*times, strict=True)]
    return float(np.median(times[0])), float(np.median(times[1])), ratios


def bench_instances(folder: Path, size: tuple[int, int] | None, count: int, rounds: int) -> None:
    coco = read_coco(tiled(source(folder), folder / "instances.json", count, size))
    engine, parts = our_work(coco)
    work = plain_work(coco)
    ours, plain, ratios = alternate(
        lambda: [engine(part) for part in parts], lambda: run_plain(work), rounds
    )
    name = "real image sizes, about 640x480" if size is None else f"{size[0]}x{size[1]}"
    n = len(coco)
    print(
        f"  {name:32} {plain / n * 1e6:8.0f} us {ours / n * 1e6:8.0f} us "
        f"{np.median(ratios):6.1f}x   ({min(ratios):.1f}-{max(ratios):.1f}, {rounds} rounds)"
    )


def bench_workers(folder: Path, count: int) -> None:
    coco = read_coco(tiled(source(folder), folder / "workers.json", count))
    engine, parts = our_work(coco)
    list(ordered_map(engine, parts[:4], workers=2))  # the pool's start is not the noise stage's
    seconds: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(3):
        for workers, found in seconds.items():
            start = time.perf_counter()
            for _ in ordered_map(engine, parts, workers=workers):
                pass
            found.append(time.perf_counter() - start)
    ratios = [a / b for a, b in zip(seconds[1], seconds[2], strict=True)]
    print(
        f"  noise stage, {len(coco)} annotations: one worker {np.median(seconds[1]):.1f} s, "
        f"two {np.median(seconds[2]):.1f} s: {np.median(ratios):.2f}x "
        f"({min(ratios):.2f}-{max(ratios):.2f})"
    )


def family_memory(pid: int) -> int:
    """Proportional memory (PSS) of a process and its children, bytes."""
    total = 0
    pids = [pid]
    while pids:
        current = pids.pop()
        try:
            children = Path(f"/proc/{current}/task/{current}/children").read_text().split()
            rollup = Path(f"/proc/{current}/smaps_rollup").read_text()
        except OSError:
            continue
        pids += [int(child) for child in children]
        total += sum(
            int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")
        )
    return total * 1024


def bench_large(folder: Path, count: int) -> None:
    path = tiled(source(folder), folder / "large.json", count)
    command = [
        sys.executable,
        "-m",
        "benchmark_n",
        "make",
        "--dataset",
        "custom",
        "-q",
        "--tier",
        "hard",
        "--annotations",
        str(path),
        "--out",
        str(folder / "large"),
        "--workers",
        "2",
    ]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=ROOT)
    peak = 0
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.2):
            peak = max(peak, family_memory(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    code = process.wait()
    done.set()
    watcher.join()
    seconds = time.perf_counter() - start
    if code:
        sys.exit(f"make failed with exit code {code}")
    output = sum(f.stat().st_size for f in (folder / "large").rglob("*") if f.is_file())
    single = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    print(
        f"  {count} annotations ({path.stat().st_size / 1e6:.0f} MB in, "
        f"{output / 1e6:.0f} MB out): "
        f"{seconds:.0f} s with two workers, peak memory {peak / 1e9:.2f} GB in all processes, "
        f"{single / 1e9:.2f} GB in the largest"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=["instances", "workers", "large"])
    part = parser.parse_args().part
    cv2.setNumThreads(1)
    model = next(
        (
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    print(
        f"{model}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}, "
        f"numpy {np.__version__}, OpenCV {cv2.__version__}"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if part in (None, "instances"):
            print(f"\nhard tier, CPU time an instance{'plain':>15} {'ours':>11} {'ratio':>7}")
            bench_instances(folder, None, 839, 9)
            bench_instances(folder, (2048, 1024), 830, 3)
        if part in (None, "workers"):
            print("\nworkers")
            bench_workers(folder, 100_000)
        if part in (None, "large"):
            print("\nlarge files")
            for count in (LARGE // 4, LARGE // 2, LARGE):
                bench_large(folder, count)
                shutil.rmtree(folder / "large")


if __name__ == "__main__":
    main()
