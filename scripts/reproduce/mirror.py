"""MIRROR beside other detectors of wrong categories: the tables of the README.

A unit is one benchmark (a noise and a seed). What each stage finds on it is kept in the cache, so
that a run that was stopped goes on where it was; the table is written from what there is.

    python scripts/reproduce/mirror.py --part scenes [--seeds 5] [--first 1] [--stage classifiers]

Parts: ``scenes``, ``digits``, ``pneumonia``, ``coco128`` (symmetric class noise, 5 %), ``tiers``
(easy, mid and hard on scenes) and ``models`` (scenes: one model to five, d and alpha apart).
``pneumonia`` and ``coco128`` read the shared samples ($BENCHMARK_N_SHARED_DATA). Stages:
``classifiers`` (MIRROR and what reads the same classifiers), ``repeats`` (mc_dropout, recov,
fastrecov, knn), ``losses`` and ``ablation``.

Features of a frozen backbone depend on the image and the mask alone: they are kept in the cache
and made anew only where a noise has changed the mask.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from mirror_units import KEPT, Unit, explained, mirror_parts

import benchmark_n
from benchmark_n import Benchmark, LabelErrorOptions
from benchmark_n._version import __version__
from benchmark_n.detectors import build_detector, run_detector
from benchmark_n.evaluation.label_errors import score_benchmark
from benchmark_n.evidence.crops.evidence import with_probabilities
from benchmark_n.evidence.losses import small_network as scratch
from benchmark_n.experiments.detector_seeds import measured_floors
from benchmark_n.experiments.mirror_ablation import mirror_ablation
from benchmark_n.experiments.seed_tables import cell, markdown, spread
from benchmark_n.files.cache import cache_folder

SHARED = Path(os.environ.get("BENCHMARK_N_SHARED_DATA", "../shared/data"))
RESULTS = Path(__file__).parents[1] / "results"
LITE = ("frozen:lite0", "frozen:lite1", "frozen:lite2")
SCRATCH = ("scratch:plain", "scratch:wide", "scratch:deep")
FIVE = (*LITE, "scratch:plain", "scratch:deep")
MEASURES = (
    *("precision", "recall", "f1", "f1_at_budget", "auprc", "auroc", "prevalence"),
    *("lifted_auprc", "chance_f1"),
)
SCORING = LabelErrorOptions(by=(), bootstrap=200)
Row = dict[str, Any]
Scored = tuple[str, Any]


@dataclass(frozen=True)
class Part:
    """Benchmarks that a table is about, the classifiers, and the stages that are run."""

    noises: tuple[str, ...]
    make: Callable[[str, int, Path], Benchmark]
    models: tuple[str, ...] = LITE
    stages: tuple[str, ...] = ("classifiers", "repeats", "losses")


def scenes(recipe: str, seed: int, out: Path) -> Benchmark:
    """The embedded dataset."""
    return benchmark_n.make(
        "scenes", recipe, seed=seed, out=out, execution=benchmark_n.Execution(workers=1)
    )


def digits(recipe: str, seed: int, out: Path) -> Benchmark:
    """Scikit-learn's digits, 8x8."""
    from sklearn.datasets import load_digits

    data = load_digits()
    path = out.parent / "digits.npz"
    pixels = np.rint(data.images * 255 / 16).astype(np.uint8)
    np.savez(path, images=pixels, labels=data.target.astype(np.int64))
    return benchmark_n.make(
        "imagefolder",
        recipe,
        seed=seed,
        out=out,
        source=benchmark_n.SourceOptions(root=path),
        execution=benchmark_n.Execution(workers=1),
    )


def pneumonia(recipe: str, seed: int, out: Path) -> Benchmark:
    """The test split of PneumoniaMNIST's re-cut, 624 chest X-rays of 28x28."""
    root = SHARED / "pneumoniamnist" / "pneumoniamnist.npz"
    return benchmark_n.make(
        "imagefolder",
        recipe,
        seed=seed,
        out=out,
        source=benchmark_n.SourceOptions(root=root, split="test"),
        execution=benchmark_n.Execution(workers=1),
    )


def coco128(recipe: str, seed: int, out: Path) -> Benchmark:
    """128 images of COCO."""
    folder = SHARED / "coco128"
    images = next(path.parent for path in sorted(folder.rglob("*.jpg")))
    annotations = folder / "instances_coco128.json"
    return benchmark_n.make(
        "custom",
        recipe,
        seed=seed,
        out=out,
        source=benchmark_n.SourceOptions(annotations=annotations, images=images),
    )


PARTS = {
    "scenes": Part(("sym-5",), scenes),
    "digits": Part(("sym-5",), digits, models=SCRATCH),
    "pneumonia": Part(("sym-5",), pneumonia, models=SCRATCH),
    "coco128": Part(("sym-5",), coco128),
    "tiers": Part(("easy", "mid", "hard"), scenes, stages=("classifiers",)),
    "models": Part(("sym-5",), scenes, models=FIVE, stages=("ablation",)),
}


Stage = Callable[[Unit, Part], Iterator[Scored]]
Measured = Callable[[Unit, Part], list[Row]]


def classifiers(unit: Unit, part: Part) -> Iterator[Scored]:
    """MIRROR and its parts, and what reads the mean of the same classifiers."""
    evidence = explained(unit, part.models)
    yield from mirror_parts(evidence)
    for name in ("cleanlab", "entropy", "random"):
        yield name, run_detector(build_detector(name), evidence)


def repeats(unit: Unit, part: Part) -> Iterator[Scored]:
    """What reads features or many predictions: of the first backbone, or of grey levels."""
    simple = unit.described(LITE[0])[0] if LITE[0] in part.models else grey(unit)
    features = replace(unit.base, embeddings=simple, folds=unit.folds)
    heads = with_probabilities(features, seed=0, wanted=("dropout_probs",), workers=1)
    for name in ("mc_dropout", "recov", "fastrecov", "knn"):
        yield name, run_detector(build_detector(name), heads)


def losses(unit: Unit, part: Part) -> Iterator[Scored]:
    """What reads the losses of a small network, as the evidence ``losses`` trains it."""
    crops, masks = unit.crops(scratch.SIZE, alone=False)
    count = len(unit.base.category_ids)
    found = scratch.train_losses(crops, masks, unit.base.labels, count)
    seen = replace(unit.base, class_losses=found.class_losses)
    yield "loss_separation", run_detector(build_detector("loss_separation"), seen)


def grey(unit: Unit) -> Any:
    """Grey levels of the crops, (N, S * S), for heads without a backbone."""
    return unit.crops()[0].mean(axis=3).reshape(len(unit.base), -1).astype(np.float32) / 255


def measured(name: str, table: Any, benchmark: Benchmark) -> Row:
    """Measures of class errors, the AUPRC with its bootstrap interval."""
    found = score_benchmark(table, benchmark, SCORING).kinds["class"]
    row: Row = {"detector": name, "errors": found.measures["errors"]}
    row |= {measure: found.measures.get(measure) for measure in MEASURES}
    return {**row, "auprc_interval": found.intervals["auprc"]}


def scored(stage: Stage) -> Measured:
    """The stage with the measures of what it yields."""

    def rows(unit: Unit, part: Part) -> list[Row]:
        made = [measured(name, table, unit.benchmark) for name, table in stage(unit, part)]
        floors = measured_floors(unit.benchmark, ["class"]) if stage is classifiers else ()
        return [*made, *floors]

    return rows


def ablation(unit: Unit, part: Part) -> list[Row]:
    """One model to all of them; thresholds."""
    made = mirror_ablation(explained(unit, part.models), unit.benchmark)
    rows = [{"detector": f"{row['part']}, {row['models']} models", **row} for row in made["models"]]
    return rows + [
        {"detector": f"tau {row['tau']}, tau* {row['tau_star']}", **row} for row in made["sweep"]
    ]


STAGES: dict[str, Measured] = {
    "classifiers": scored(classifiers),
    "repeats": scored(repeats),
    "losses": scored(losses),
    "ablation": ablation,
}


def rows_of(name: str, seed: int, stage: str, folder: Path) -> list[Row]:
    """The rows of one stage on the benchmarks of one seed, out of `folder` where they are there."""
    part, rows = PARTS[name], []
    for noise in part.noises:
        path = folder / f"{name}-{noise}-{seed}-{stage}.json"
        if not path.is_file():
            started = time.process_time()
            with tempfile.TemporaryDirectory() as work:
                unit = Unit(part.make(noise, seed, Path(work) / "benchmark"))
                made = STAGES[stage](unit, part)
            path.write_text(json.dumps([{"noise": noise, "seed": seed, **row} for row in made]))
            print(f"{path.stem}: {time.process_time() - started:.0f} CPU s", flush=True)
        rows += json.loads(path.read_text())
    return rows


def summarise(rows: list[Row]) -> list[Row]:
    """Mean and standard deviation (n - 1) over the seeds; intervals averaged."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["noise"], row["detector"]), []).append(row)
    made = []
    for (noise, detector), group in groups.items():
        spans = [row["auprc_interval"] for row in group if row.get("auprc_interval")]
        made.append(
            {
                "noise": noise,
                "detector": detector,
                "seeds": len(group),
                **{name: spread(row.get(name) for row in group) for name in MEASURES},
                "auprc_interval": np.mean(spans, axis=0).tolist() if spans else None,
            }
        )
    return made


def as_markdown(rows: list[Row]) -> str:
    """The table of the README: means ± standard deviations."""
    heads = ["noise", "detector", "seeds", "P", "R", "F1", "F1 at budget", "AUPRC", "95 %"]
    heads += ["AUROC", "π", "lifted AUPRC", "chance F1"]
    cells = []
    for row in rows:
        measures = [cell(row[name]) for name in MEASURES]
        span = row["auprc_interval"]
        measures.insert(5, f"{span[0]:.3f} to {span[1]:.3f}" if span else "-")
        cells.append([row["noise"], row["detector"], row["seeds"], *measures])
    return markdown(heads, cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=list(PARTS), required=True)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=1, help="First seed.")
    parser.add_argument(
        "--stage", action="append", choices=list(STAGES), help="Some of the part's stages (all)."
    )
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    part = PARTS[arguments.part]
    folder = cache_folder() / KEPT / "rows"
    folder.mkdir(parents=True, exist_ok=True)
    seeds = range(arguments.first, arguments.first + arguments.seeds)
    rows = [
        row
        for stage in part.stages
        if stage in (arguments.stage or part.stages)
        for seed in seeds
        for row in rows_of(arguments.part, seed, stage, folder)
    ]
    rows.sort(key=lambda row: part.noises.index(row["noise"]))
    summary = summarise(rows)
    report = {
        "part": arguments.part,
        "benchmark-n": __version__,
        "models": part.models,
        "summary": summary,
        "rows": rows,
    }
    arguments.out.mkdir(parents=True, exist_ok=True)
    stem = arguments.out / f"mirror-{arguments.part}"
    stem.with_suffix(".json").write_text(json.dumps(report, indent=1) + "\n")
    stem.with_suffix(".md").write_text(as_markdown(summary))
    print(as_markdown(summary))


if __name__ == "__main__":
    main()
