#!/usr/bin/env python3
"""Table 7 of the paper: what noisy left ventricles do to the ejection fraction.

A U-Net is trained on each tier of CAMUS-N, or of phantom-N where CAMUS is not at hand, and its
masks of the clean validation frames give EF error, Dice and Hausdorff distance. The script may be
stopped and started again; what is finished is not done again.

    python scripts/reproduce/camus_table7.py --model tiny-unet --seeds 3
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

from benchmark_n import make
from benchmark_n.datasets import DATASETS
from benchmark_n.datasets.open import default_root
from benchmark_n.errors import InputError
from benchmark_n.experiments.seed_tables import cell, markdown, spread
from benchmark_n.training.mmdet.model_configs import ModelSettings
from benchmark_n.training.options import RunOptions
from benchmark_n.training.train import train
from benchmark_n.training.work_dir import RUN, TrainingRun, finished_run

TIERS = ("clean", "camus-low", "camus-mid", "camus-high")
COLUMNS = {
    "EF error, points": "ef_error",
    "EF bias, points": "ef_bias",
    "Dice ED": "dice_ED",
    "Dice ES": "dice_ES",
    "HD ED, mm": "hausdorff_mm_ED",
    "HD ES, mm": "hausdorff_mm_ES",
}
_CPU = "cpu_seconds.json"


def main() -> None:
    """Train what is missing, then write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", choices=["camus", "phantom"], help="default: what is there")
    parser.add_argument("--model", default="tiny-unet")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--work", type=Path, default=Path("work_dirs/table7"))
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "results")
    parser.add_argument("--most", type=int, help="train at most this many models, then stop")
    arguments = parser.parse_args()
    dataset = arguments.dataset or present_dataset()
    left = arguments.most
    runs: dict[tuple[str, int], TrainingRun] = {}
    for seed in range(1, arguments.seeds + 1):
        for tier in TIERS:
            folder = arguments.work / f"{dataset}-{tier}-{arguments.model}-seed{seed}"
            if left == 0 and not (folder / "results.json").is_file():
                print(f"{folder.name}: still to do")
                continue
            if not (folder / "results.json").is_file():
                run_one(dataset, tier, seed, arguments.model, folder)
                left = left - 1 if left is not None else None
            runs[tier, seed] = finished_run(folder)
    if len(runs) == len(TIERS) * arguments.seeds:
        write(arguments.out / f"table7-{dataset}-{arguments.model}", dataset, arguments, runs)


def present_dataset() -> str:
    """``camus`` where it is, else ``phantom``."""
    camus = DATASETS.load("camus")
    try:
        camus.locate(default_root(camus), camus.splits[0])
    except InputError:
        return "phantom"
    return "camus"


def run_one(dataset: str, tier: str, seed: int, model: str, folder: Path) -> None:
    """Make the benchmark, train on it, note the CPU time."""
    benchmark = folder.parent / f"{dataset}-n-{tier}-seed{seed}"
    if not benchmark.is_dir():
        make(dataset, recipe=tier, seed=seed, out=benchmark)
    start = time.process_time()
    run = train(
        benchmark,
        ModelSettings(model, seed=seed),
        RunOptions(folder, resume=(folder / RUN).is_file()),
    )
    (folder / _CPU).write_text(json.dumps(time.process_time() - start))
    print(folder.name, {name: round(value, 3) for name, value in run.metrics.items()}, flush=True)


def write(
    path: Path, dataset: str, arguments: argparse.Namespace, runs: dict[tuple[str, int], Any]
) -> None:
    """The table as Markdown, and all figures as JSON."""
    seeds = range(1, arguments.seeds + 1)
    rows = [
        [
            tier,
            *(
                cell(spread(runs[tier, seed].metrics[name] for seed in seeds))
                for name in COLUMNS.values()
            ),
        ]
        for tier in TIERS
    ]
    text = markdown(["trained on", *COLUMNS], rows)
    any_run = next(iter(runs.values()))
    data = {
        "dataset": dataset,
        "settings": any_run.run["settings"],
        "environment": any_run.run["environment"],
        "cpu_seconds": sum(json.loads((r.path / _CPU).read_text()) for r in runs.values()),
        "runs": {f"{tier}-seed{seed}": dict(r.metrics) for (tier, seed), r in runs.items()},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".md").write_text(text, encoding="utf-8")
    path.with_suffix(".json").write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
