"""The directory of a training: what was trained on what, and what came out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from benchmark_n.benchmark import Benchmark
from benchmark_n.benchmark.layout import CHECKSUMS
from benchmark_n.coco.labels import category_labels
from benchmark_n.errors import InputError
from benchmark_n.files.atomic import write_whole
from benchmark_n.files.json_yaml import read_json
from benchmark_n.files.provenance import environment, file_digest

_LIBRARIES = ("torch", "torchvision", "mmdet", "mmengine", "mmcv-lite", "mmcv")
RUN, RESULTS, PREDICTIONS = "run.json", "results.json", "predictions-val.json"


class _Results(msgspec.Struct):
    metrics: dict[str, float]


@dataclass(frozen=True)
class TrainingRun:
    """A finished training.

    Parameters
    ----------
    path
        The work directory: weights, checkpoints, log, ``run.json``, ``results.json``.
    metrics
        AP of boxes, masks and boundaries on the clean validation labels, fractions.
    """

    path: Path
    metrics: Mapping[str, float]

    @property
    def run(self) -> dict[str, Any]:
        """What was trained, on what, with which versions."""
        return dict(read_json(self.path / RUN, "training", dict[str, Any]))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"work_dir": str(self.path), "metrics": dict(self.metrics), "run": self.run}


def choose_work_dir(work_dir: Path | str | None, name: str) -> Path:
    """The directory that the user names, else ``work_dirs/<name>``."""
    return Path(work_dir) if work_dir else Path("work_dirs") / name


def describe(benchmark: Benchmark, training: Mapping[str, Any]) -> dict[str, Any]:
    """What a training is: the benchmark it is on, and the plain values of `training`."""
    recipe = {key: benchmark.recipe.get(key) for key in ("benchmark", "name", "version", "seed")}
    digest = file_digest(benchmark.path / CHECKSUMS)
    categories = benchmark.noisy().categories
    return {
        "benchmark": {"directory": benchmark.path.resolve().name, "sha256sums": digest, **recipe},
        **json.loads(json.dumps(training)),
        "categories": list(category_labels(categories).values()),
    }


def open_work_dir(folder: Path, description: Mapping[str, Any], resume: bool) -> bool:
    """Make the work directory; False where the training in it is finished."""
    path = folder / RUN
    if not path.is_file():
        # What a run leaves that was killed while it wrote the file is nobody's.
        left = f".{RUN}.partial-"
        if folder.exists() and any(not p.name.startswith(left) for p in folder.iterdir()):
            raise InputError(f"{folder}: exists and holds no {RUN}: choose another `work_dir`")
        text = json.dumps({**description, "environment": environment(_LIBRARIES)}, indent=2)
        write_whole(path, text.encode() + b"\n")
        return True
    if not resume:
        raise InputError(
            f"{folder}: holds a training already: `resume=True`, or another `work_dir`"
        )
    known = read_json(path, "training", dict[str, Any])
    for key, value in description.items():
        if known.get(key) != value:
            raise InputError(
                f"{path}: a training of other {key} than asked for: {json.dumps(known.get(key))}, "
                f"expected {json.dumps(value)}"
            )
    return not (folder / RESULTS).is_file()


def finish_work_dir(folder: Path, metrics: Mapping[str, float]) -> None:
    """Write ``results.json``, by which a training counts as finished."""
    text = json.dumps({"metrics": dict(metrics)}, indent=2)
    write_whole(folder / RESULTS, text.encode() + b"\n")


def finished_run(folder: Path | str) -> TrainingRun:
    """The training in a work directory.

    Raises
    ------
    InputError
        There is none, or it is not finished.
    """
    folder = Path(folder)
    if not (folder / RUN).is_file():
        raise InputError(f"{folder}: no training: expected a work directory of benchmark-n train")
    if not (folder / RESULTS).is_file():
        raise InputError(f"{folder}: the training is not finished: train with `resume=True`")
    return TrainingRun(folder, read_json(folder / RESULTS, "results", _Results).metrics)
