"""Spatial errors in photographs, by `quality_sentinel` fitted to the given masks themselves.

What is fitted is chosen on ``coco_mini``'s train split and noise seeds from 101 on
(``--choosing``); reported are its val split, ``coco128`` and drawn scenes with seeds 1 to 5, under
the three tiers and ``human-lvis-crowd``. Each row stands beside the blind floor of the same
benchmark, whose lead is bootstrapped over the same draws of images; on the first seed the
regressor is fitted without one of its kinds of worse masks, too. ``contour`` is the noise of
``human-lvis-crowd`` and one of these kinds, so that its row there is one of a told detector.

    python scripts/reproduce/self_fit.py [--choosing] [--set "coco_mini val"] [--seeds 5]

Rows go to ``scripts/results/self-fit.jsonl`` after each benchmark, so that a run that was stopped
goes on where it was; the table of what is there goes to ``self-fit.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from measured_rows import write_rows
from numpy.typing import NDArray

import benchmark_n
from benchmark_n import Benchmark, EvidenceOptions, Execution, LabelErrorOptions
from benchmark_n.coco.units import image_units
from benchmark_n.detectors import annotation_scores
from benchmark_n.detectors.quality_sentinel.detector import QualitySentinel
from benchmark_n.detectors.quality_sentinel.self_fit.maker import SelfFitMaker
from benchmark_n.detectors.quality_sentinel.self_fit.regressor import WEIGHTS, predict_overlaps
from benchmark_n.evaluation.label_errors import score_benchmark
from benchmark_n.evaluators.label_errors.blind import blind_scores
from benchmark_n.evaluators.label_errors.results import KindResult
from benchmark_n.evidence import Evidence, annotation_evidence
from benchmark_n.evidence.collect import MakerInput
from benchmark_n.evidence.folds import plan_folds
from benchmark_n.experiments.floor_leads import lead
from benchmark_n.experiments.seed_tables import cell, markdown, spread
from benchmark_n.tables.scores import add_any

SHARED = Path(os.environ.get("BENCHMARK_N_SHARED_DATA", "../shared/data"))
RESULTS = Path(__file__).parents[1] / "results"
RECIPES = ("easy", "mid", "hard", "human-lvis-crowd")
PHOTOGRAPHS = {
    "coco_mini train": ("coco_mini/instances_train.json", "coco_mini/images"),
    "coco_mini val": ("coco_mini/instances_val.json", "coco_mini/images"),
    "coco128": ("coco128/instances_coco128.json", "coco128/images"),
}
SCENES = "scenes"
SCENE_IMAGES = 80
CHOOSING = ("coco_mini train",)
REPORTED = ("coco_mini val", "coco128", SCENES)
ALL = "all kinds"
# What the regressor is fitted without, and on how many seeds.
LEFT_OUT = {"without contour": ("contour",), "without shift, pasted": ("shift", "pasted")}
LEFT_OUT_SEEDS = 1
_BOOTSTRAP = 1000
Row = dict[str, Any]
Values = NDArray[np.float64]


def make(name: str, recipe: str, seed: int, out: Path) -> Benchmark:
    """A benchmark of one of the sets."""
    if name == SCENES:
        dataset, source = SCENES, benchmark_n.SourceOptions(num_images=SCENE_IMAGES)
    else:
        annotations, images = (SHARED / path for path in PHOTOGRAPHS[name])
        dataset = "custom"
        source = benchmark_n.SourceOptions(annotations=annotations, images=images)
    return benchmark_n.make(
        dataset, recipe, seed=seed, out=out, source=source, execution=Execution(workers=1)
    )


def measure(name: str, recipe: str, seed: int, *, choosing: bool) -> Iterator[Row]:
    """Rows of one benchmark: the regressor, and what it is without a part."""
    with tempfile.TemporaryDirectory() as folder:
        benchmark = make(name, recipe, seed, Path(folder) / "benchmark")
        noisy = benchmark.noisy()
        base = annotation_evidence(noisy)
        options = EvidenceOptions(("quality",), fit="self", evidence_dir=folder)
        started = time.process_time()
        given = MakerInput(base, noisy, benchmark.images, "", frozenset(), options, Execution(1))
        rows = SelfFitMaker(given).rows()
        described = time.process_time() - started
        units = image_units(noisy, base.image_ids)
        folds, _ = plan_folds(base.labels, units, base.category_names, options.folds, options.seed)
        blind = _scored(benchmark, base, _blind(benchmark, base))
        variants = {ALL: (), **(LEFT_OUT if seed % 100 <= LEFT_OUT_SEEDS else {})}
        for variant, without in variants.items():
            weights = {
                target: {kind: own for kind, own in kinds.items() if kind not in without}
                for target, kinds in WEIGHTS.items()
            }
            started = time.process_time()
            parts = predict_overlaps(rows, folds, weights)
            fitted = time.process_time() - started
            scores = {variant: 1 - np.mean([*parts.values()], axis=0)}
            if choosing and variant == ALL:
                scores |= {f"{t} alone": 1 - p for t, p in parts.items()}
            for shown, values in scores.items():
                cost = 1000 * (described + fitted) / len(base)
                own = _scored(benchmark, base, values)
                row = {"set": name, "noise": recipe, "seed": seed, "fitted_on": shown}
                yield {**row, **_figures(own, blind), "cpu_s_per_1000": round(cost, 1)}


def _blind(benchmark: Benchmark, base: Evidence) -> Values:
    floor = blind_scores(benchmark.noisy(), benchmark.recipe)
    order = np.argsort(floor.annotation_ids)
    places = order[np.searchsorted(floor.annotation_ids, base.annotation_ids, sorter=order)]
    return np.asarray(floor.scores["spatial"][places])


def _scored(benchmark: Benchmark, base: Evidence, scores: Values) -> KindResult:
    flagged = scores > 1 - QualitySentinel().self_threshold
    table = add_any(annotation_scores(base, "spatial", scores, flagged))
    options = LabelErrorOptions(by=(), bootstrap=_BOOTSTRAP)
    return score_benchmark(table, benchmark, options).kinds["spatial"]


def _figures(own: KindResult, blind: KindResult) -> Row:
    """Measures, and the lead over the blind floor and over the best one with their intervals."""
    names = ("lifted_auprc", "auprc", "auroc", "prevalence", "precision", "recall", "f1")
    names = (*names, "chance_f1", "best_threshold", "precision_at_50")
    drawn = own.replicates["lifted_auprc"] - blind.replicates["lifted_auprc"]
    low, high = np.nanpercentile(drawn, (2.5, 97.5))
    against = own.against_floor
    assert against is not None
    return {
        **{name: own.measures.get(name) for name in names},
        "instances": own.measures["instances"],
        "flagged": own.measures["flagged"],
        "blind": blind.measures["lifted_auprc"],
        "over_blind": [float(low), float(high)],
        "best_floor": against.floor,
        "best_floor_lifted_auprc": own.measures["lifted_auprc"] - against.difference,
        "over_best": list(against.interval),
    }


def table(rows: Sequence[Row]) -> str:
    """A line for each set, noise and kinds of worse masks: means ± sd over the seeds."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["set"], row["noise"], row["fitted_on"]), []).append(row)
    lines = []
    for key, group in groups.items():
        own = [row["lifted_auprc"] for row in group]
        ahead, least = lead(own, [row["blind"] for row in group])
        best, low = lead(own, [row["best_floor_lifted_auprc"] for row in group])
        above = sum(row["over_blind"][0] > 0 for row in group)
        figures = ("lifted_auprc", "blind")
        lines.append(
            [
                *(*key, len(group), *(cell(spread(r[n] for r in group)) for n in figures)),
                f"{ahead:+.3f} ({_from(least)})",
                f"{above} of {len(group)}",
                f"{best:+.3f} ({_from(low)})",
                *(cell(spread(r[n] for r in group)) for n in ("auprc", "prevalence")),
                *(cell(spread(r[n] for r in group)) for n in ("precision_at_50", "f1")),
                cell(spread(r["cpu_s_per_1000"] for r in group), ".0f"),
            ]
        )
    heads = ["set", "noise", "fitted on", "seeds", "lifted AUPRC", "blind floor", "lead over blind"]
    heads += [
        "seeds above 0",
        "lead over best floor",
        "AUPRC",
        "π",
        "P@50",
        "F1",
        "CPU s per 1,000",
    ]
    return markdown(heads, lines)


def _from(low: float | None) -> str:
    return "one seed" if low is None else f"95 % from {low:+.3f}"


def main() -> None:
    """Measure what is not there, and write the table after each benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--choosing", action="store_true", help="the data that is chosen on")
    parser.add_argument("--set", action="append", choices=REPORTED, help="by default all")
    parser.add_argument("--seeds", type=int, help="how many [default: 5, of choosing 2]")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="[default: scripts/results/self-fit.jsonl]")
    arguments = parser.parse_args()
    choosing = arguments.choosing
    sets = CHOOSING if choosing else arguments.set or REPORTED
    seeds = range(101, 101 + (arguments.seeds or 2)) if choosing else None
    first = arguments.first_seed
    seeds = seeds or range(first, first + (arguments.seeds or 5))
    path = arguments.out or RESULTS / f"self-fit{'-choosing' if choosing else ''}.jsonl"
    rows: list[Row] = []
    if path.is_file():
        rows = [json.loads(line) for line in path.read_text().splitlines()]
    done = {(row["set"], row["noise"], row["seed"]) for row in rows}
    for seed in seeds:
        for name in sets:
            for recipe in RECIPES:
                if (name, recipe, seed) not in done:
                    rows += measure(name, recipe, seed, choosing=choosing)
                    write_rows(path, rows)
                    path.with_suffix(".md").write_text(table(rows))
                    print(f"{name}, {recipe}, seed {seed}: done", file=sys.stderr)
    print(table(rows))


if __name__ == "__main__":
    main()
