"""Choose the default rule for spatial errors: the one whose errors the mask's area tells least.

Each rule is measured by |AUROC(area of the given mask) - .5|, averaged over coco128, val2014_100
and scenes, the three tiers and noise seeds that no table reports. A rule that small masks alone
fulfil is a measure of who flags what is small.

    python scripts/reproduce/choose_truth.py [--seeds 5]

Reads the shared samples ($BENCHMARK_N_SHARED_DATA); writes ``scripts/results/truth.json`` and
``truth.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

import benchmark_n
from benchmark_n import Execution, SourceOptions
from benchmark_n.evaluators.label_errors.truth import SpatialTruth, spatial_errors, surviving
from benchmark_n.experiments.seed_tables import markdown

SHARED = Path(os.environ.get("BENCHMARK_N_SHARED_DATA", "../shared/data"))
RESULTS = Path(__file__).parents[1] / "results" / "truth"
FIRST_SEED, DATA_SEED = 101, 1
TIERS = ("easy-v1", "mid-v1", "hard-v1")
SOURCES = {
    "coco128": ("custom", SourceOptions(annotations=SHARED / "coco128/instances_coco128.json")),
    "val2014_100": (
        "custom",
        SourceOptions(annotations=SHARED / "coco_val2014_100/instances_val2014_100.json"),
    ),
    "scenes": ("scenes", SourceOptions(data_seed=DATA_SEED, num_images=150)),
}
# What two annotators of LVIS reach in nine of ten cases (`pair-quantile` on lvis_double).
BY_SIZE = {"small": 0.65, "medium": 0.78, "large": 0.82}
BARS: tuple[Any, ...] = (0.95, 0.9, 0.8, 0.7, BY_SIZE)
RULES = [
    SpatialTruth("changed"),
    *(
        SpatialTruth(name, bar, leave_out)
        for name in ("mask-iou", "boundary-iou")
        for bar in BARS
        for leave_out in (False, True)
    ),
]
Row = dict[str, Any]


def measure(seeds: range) -> Iterator[Row]:
    """A row for each rule on each benchmark."""
    for source, (dataset, options) in SOURCES.items():
        for tier in TIERS:
            for seed in seeds:
                with tempfile.TemporaryDirectory() as folder:
                    benchmark = benchmark_n.make(
                        dataset,
                        tier,
                        seed=seed,
                        out=Path(folder) / "benchmark",
                        source=options,
                        execution=Execution(workers=1),
                    )
                    rows = surviving(benchmark.manifest())
                area = rows["noisy_area"].to_numpy()
                for rule in RULES:
                    truth = spatial_errors(rows, rule)
                    counted = ~truth.ignored
                    auroc = roc_auc_score(truth.wrong[counted], area[counted])
                    yield {
                        "rule": _name(rule),
                        "source": source,
                        "tier": tier,
                        "seed": seed,
                        "auroc": float(auroc),
                        "prevalence": float(truth.wrong[counted].mean()),
                        "left_out": int(truth.ignored.sum()),
                    }


def _name(rule: SpatialTruth) -> str:
    bar = "by size" if isinstance(rule.bar, dict) else f"below {rule.bar}"
    text = rule.name if rule.bar is None else f"{rule.name} {bar}"
    return f"{text}, slighter changes left out" if rule.leave_out else text


def summarise(rows: list[Row]) -> list[Row]:
    """How much area tells of each rule, least first; the error is over the seeds' means."""
    summary = []
    for rule in map(_name, RULES):
        own = [row for row in rows if row["rule"] == rule]
        seeds = sorted({row["seed"] for row in own})
        means = [
            np.mean([abs(row["auroc"] - 0.5) for row in own if row["seed"] == seed])
            for seed in seeds
        ]
        summary.append(
            {
                "rule": rule,
                "told_by_area": float(np.mean(means)),
                "standard_error": float(np.std(means, ddof=1) / np.sqrt(len(means))),
                **{
                    source: float(
                        np.mean([abs(r["auroc"] - 0.5) for r in own if r["source"] == source])
                    )
                    for source in SOURCES
                },
                "prevalence": float(np.mean([row["prevalence"] for row in own])),
                "left_out": float(np.mean([row["left_out"] for row in own])),
            }
        )
    return sorted(summary, key=lambda row: row["told_by_area"])


def as_markdown(summary: list[Row]) -> str:
    """The rules, the one least told by area first."""
    heads = ["rule", "told by area", *SOURCES, "prevalence", "masks left out"]
    cells = [
        [
            row["rule"],
            f"{row['told_by_area']:.4f} ± {row['standard_error']:.4f}",
            *(f"{row[source]:.3f}" for source in SOURCES),
            f"{row['prevalence']:.2f}",
            f"{row['left_out']:.0f}",
        ]
        for row in summary
    ]
    return markdown(heads, cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    seeds = range(FIRST_SEED, FIRST_SEED + parser.parse_args().seeds)
    summary = summarise(list(measure(seeds)))
    document = {"by_size": BY_SIZE, "seeds": list(seeds), "rules": summary}
    RESULTS.with_suffix(".json").write_text(json.dumps(document, indent=1) + "\n")
    RESULTS.with_suffix(".md").write_text(as_markdown(summary))
    print(as_markdown(summary))


if __name__ == "__main__":
    main()
