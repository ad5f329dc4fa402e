"""Rates of the dataset conversions, beside a loop of one full-image mask an instance.

Run it as ``python scripts/bench/datasets.py [--json]``. All figures of a table come from one run on
one machine; the extrapolation to full size is arithmetic on them, and marked as such.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

# In place of this folder, whose modules have the names of packages (datasets, mmdet).
sys.path[0] = str(Path(__file__).resolve().parents[2])

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pycocotools import mask as coco_mask

from benchmark_n.datasets import viper
from benchmark_n.datasets.camus import adapter as camus
from benchmark_n.datasets.cityscapes import adapter as cityscapes
from benchmark_n.datasets.converter import Unit
from benchmark_n.datasets.labelmaps.convert import convert
from benchmark_n.datasets.request import Request, SourceOptions
from benchmark_n.generation.make import make
from benchmark_n.runtime.execution import Execution
from benchmark_n.runtime.parallel import ordered_map

REPEATS = 20
TARGET_MS = 150.0
# Labelled frames of train and val; instances a frame: Cityscapes' published total (62,000) over its
# frames, and an assumption of ours for VIPER.
FULL_SIZE = {"cityscapes": (2975 + 500, 18), "viper": (134_097 + 49_815, 12)}
# Real samples, and the annotations of the training split that they stand for.
SAMPLES = {
    "coco": ("coco_val2014_100/instances_val2014_100.json", 860_001),
    "lvis": ("lvis_val_100/lvis_val_100.json", 1_270_141),
}


def street_map(
    rng: np.random.Generator, height: int, width: int, values: NDArray[Any]
) -> NDArray[np.int32]:
    """A label map of 40 polygons of stuff and one polygon an instance value, overlapping."""
    labels = np.full((height, width), 7, np.int32)
    for value in [*rng.integers(7, 24, 40).tolist(), *values.tolist()]:
        centre = rng.uniform([0, height * 0.2], [width, height * 0.9])
        radius = float(np.exp(rng.uniform(2.5, 5.5)))
        angles = np.sort(rng.uniform(0, 2 * np.pi, 24))
        reach = radius * rng.uniform(0.7, 1.2, (24, 1))
        ring = centre + reach * np.stack([np.cos(angles), np.sin(angles)], 1)
        cv2.fillPoly(labels, [ring.astype(np.int32)], (int(value),))
    return labels


def naive_records(labels: NDArray[Any], least: int) -> list[dict[str, Any]]:
    """The usual loop: a full mask for each id, encoded by pycocotools."""
    records = []
    for value in np.unique(labels):
        if value >= least:
            rle = coco_mask.encode(np.asfortranarray((labels == value).astype(np.uint8)))
            records.append(
                {
                    "id": int(value),
                    "area": int(coco_mask.area(rle)),
                    "bbox": coco_mask.toBbox(rle).tolist(),
                    "segmentation": {"size": rle["size"], "counts": rle["counts"].decode()},
                }
            )
    return records


def median_ms(function: Callable[[int], object]) -> float:
    """Median of `REPEATS` calls, ms of CPU: other work on the machine does not count."""
    times = []
    for place in range(REPEATS):
        start = time.process_time()
        function(place)
        times.append(time.process_time() - start)
    return 1000 * statistics.median(times)


def cityscapes_frames(folder: Path, rng: np.random.Generator) -> list[Unit]:
    """`REPEATS` frames of 2048x1024 px with 30 instances, as files."""
    units = []
    for place in range(REPEATS):
        values = rng.choice([24, 26, 26, 33], 30) * 1000 + np.arange(30)
        labels = street_map(rng, 1024, 2048, values).astype(np.uint16)
        image, path = folder / f"a_{place}_leftImg8bit.png", folder / f"a_{place}_ids.png"
        Image.fromarray(labels).save(path)
        Image.new("RGB", (2048, 1024)).save(image)
        units.append(Unit(f"a_{place}", folder, (image, path)))
    return units


def viper_frames(folder: Path, rng: np.random.Generator) -> list[Unit]:
    """`REPEATS` frames of 1920x1080 px with 20 instances, as files."""
    units = []
    for place in range(REPEATS):
        values = rng.choice([20, 24, 24, 25], 20) * 65536 + np.arange(1, 21)
        labels = street_map(rng, 1080, 1920, values)
        labels[labels < 65536] <<= 16
        rgb = np.stack([labels >> 16, labels >> 8 & 255, labels & 255], 2).astype(np.uint8)
        image, path = folder / f"001_{place:05d}.jpg", folder / f"001_{place:05d}.png"
        Image.fromarray(rgb).save(path)
        Image.new("RGB", (1920, 1080)).save(image)
        units.append(Unit(path.stem, folder, (image, path)))
    return units


def bench_noise(folder: Path, units: list[Unit], module: Any) -> tuple[float, float, float]:
    """Instances a CPU second of the hard tier; bytes an instance, clean and in the benchmark."""
    converter = replace(module.CONVERTER, list_units=lambda root, split: units)
    dataset = module.CITYSCAPES if module is cityscapes else module.VIPER
    dataset = replace(dataset, converter=converter)
    clean = folder / f"{dataset.name}.json"
    done = convert(dataset, clean, Request(folder, "train", workers=1))
    start = time.process_time()
    made = make(
        "custom",
        "hard",
        out=folder / f"{dataset.name}-n",
        source=SourceOptions(annotations=clean),
        execution=Execution(workers=1),
    )
    seconds = time.process_time() - start
    size = sum(path.stat().st_size for path in made.path.rglob("*") if path.is_file())
    return done.instances / seconds, clean.stat().st_size / done.instances, size / done.instances


def bench_frames(
    name: str, folder: Path, units: list[Unit], module: Any, least: int
) -> dict[str, Any]:
    """Files to records per frame, ours and naive, the rate on two processes, and the noise's."""

    def load(place: int) -> NDArray[Any]:
        pixels = np.asarray(Image.open(units[place].files[1])).astype(np.int64)
        return pixels if pixels.ndim == 2 else pixels @ [65536, 256, 1]

    ours = median_ms(lambda place: module.read_unit(units[place]))
    naive = median_ms(lambda place: naive_records(load(place), least))
    list(ordered_map(module.read_unit, units[:2], workers=2))
    start = time.perf_counter()
    list(ordered_map(module.read_unit, units * 10, workers=2))
    rate = 10 * len(units) / (time.perf_counter() - start)
    noise, clean_bytes, noisy_bytes = bench_noise(folder, units, module)
    frames, each = FULL_SIZE[name]
    return {
        "ms_a_frame": ours,
        "naive_ms_a_frame": naive,
        "ratio": naive / ours,
        "frames_a_second_two_processes": rate,
        "noise_instances_a_second": noise,
        "bytes_an_instance": {"clean": clean_bytes, "benchmark": noisy_bytes},
        "extrapolated": {
            "frames": frames,
            "instances": frames * each,
            "conversion_cpu_minutes": frames * ours / 60_000,
            "noise_cpu_minutes": frames * each / noise / 60,
            "clean_gb": frames * each * clean_bytes / 1e9,
            "benchmark_gb": frames * each * noisy_bytes / 1e9,
        },
    }


def bench_samples(folder: Path) -> dict[str, dict[str, float]]:
    """Rate of the hard tier on real annotations of COCO and LVIS, where the samples are at hand."""
    shared = Path(os.environ.get("BENCHMARK_N_SHARED_DATA", "../shared/data"))
    figures = {}
    for name, (sample, full) in SAMPLES.items():
        if not (shared / sample).is_file():
            continue
        make(
            "custom",
            "hard",
            out=folder / f"{name}-warm",
            source=SourceOptions(annotations=shared / sample),
            execution=Execution(workers=1),
        )
        start = time.process_time()
        made = make(
            "custom",
            "hard",
            out=folder / f"{name}-n",
            source=SourceOptions(annotations=shared / sample),
            execution=Execution(workers=1),
        )
        rate = made.summary["annotations"] / (time.process_time() - start)
        size = sum(path.stat().st_size for path in made.path.rglob("*") if path.is_file())
        each = size / made.summary["annotations"]
        figures[name] = {
            "annotations_a_cpu_second": rate,
            "bytes_an_annotation": each,
            "extrapolated_annotations": full,
            "extrapolated_cpu_minutes": full / rate / 60,
            "extrapolated_gb": full * each / 1e9,
        }
    return figures


def bench_phantom(folder: Path) -> dict[str, float]:
    """Seconds of ``make --dataset phantom`` with 60 patients: from nothing, and from the cache.

    The wall clock counts two processes, and with them what else the machine does; the CPU seconds
    are those of one process.
    """
    figures = {}
    for workers in (1, 2):
        os.environ["BENCHMARK_N_CACHE"] = str(folder / f"cache{workers}")
        wall, cpu = time.perf_counter(), time.process_time()
        make(
            "phantom",
            "easy",
            out=folder / f"phantom{workers}",
            execution=Execution(workers=workers),
        )
        figures[f"wall_{workers}"] = time.perf_counter() - wall
        figures[f"cpu_{workers}"] = time.process_time() - cpu
    root = next((folder / "cache1" / "phantom").iterdir())
    units = camus.list_units(root, "train")
    wall = time.perf_counter()
    make("phantom", "mid", out=folder / "again", execution=Execution(workers=2))
    return {
        "camus_ms_a_patient": median_ms(lambda place: camus.read_unit(units[place])),
        "cpu_seconds": figures["cpu_1"],
        "seconds_two_processes": figures["wall_2"],
        "seconds_from_cache": time.perf_counter() - wall,
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    cv2.setNumThreads(1)
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        figures: dict[str, Any] = {
            "cityscapes": bench_frames(
                "cityscapes", folder, cityscapes_frames(folder, rng), cityscapes, 1000
            ),
            "viper": bench_frames("viper", folder, viper_frames(folder, rng), viper, 20 << 16),
            "phantom": bench_phantom(folder),
            "samples": bench_samples(folder),
        }
    if as_json:
        print(json.dumps(figures, indent=2))
        return
    for dataset in ("cityscapes", "viper"):
        row = figures[dataset]
        print(
            f"{dataset:11} {row['ms_a_frame']:6.1f} ms of CPU a frame (target for cityscapes "
            f"{TARGET_MS:.0f}), naive {row['naive_ms_a_frame']:6.1f} ms, ratio "
            f"{row['ratio']:.1f}; {row['frames_a_second_two_processes']:.1f} frames/s on two"
        )
        full = row["extrapolated"]
        print(
            f"{'':11} noise {row['noise_instances_a_second']:.0f} instances a CPU second; "
            f"{row['bytes_an_instance']['clean']:.0f} bytes an instance clean, "
            f"{row['bytes_an_instance']['benchmark']:.0f} in the benchmark"
        )
        print(
            f"{'':11} extrapolated: {full['frames']} frames, {full['instances']} instances, "
            f"CPU minutes: conversion {full['conversion_cpu_minutes']:.1f}, "
            f"noise {full['noise_cpu_minutes']:.1f}; "
            f"{full['clean_gb']:.2f} GB clean, {full['benchmark_gb']:.2f} GB benchmark"
        )
    row = figures["phantom"]
    print(
        f"phantom     make, 60 patients: {row['cpu_seconds']:.1f} s of CPU, "
        f"{row['seconds_two_processes']:.1f} s on two processes (target 30), "
        f"{row['seconds_from_cache']:.1f} s from the cache"
    )
    print(f"camus       {row['camus_ms_a_patient']:.0f} ms of CPU a patient of the phantom's files")
    for dataset, row in figures["samples"].items():
        print(
            f"{dataset:11} noise {row['annotations_a_cpu_second']:.0f} annotations a CPU second, "
            f"{row['bytes_an_annotation']:.0f} bytes each; extrapolated: "
            f"{row['extrapolated_annotations']} annotations, "
            f"{row['extrapolated_cpu_minutes']:.1f} CPU minutes, {row['extrapolated_gb']:.2f} GB"
        )


if __name__ == "__main__":
    sys.exit(main())
