"""Quality Sentinel's ablation (Table 1 of Chen, Zhou, Yuille 2024) in small, on `scenes`.

    python scripts/reproduce/quality_table1.py [--runs 1] [--out scripts/results]

Six rows, three seeds each; every training is short, on pairs that all rows share. A run that was
done before is not done again, so that the script may be stopped and started; ``--runs`` trains at
most so many of the missing ones.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

from benchmark_n._version import __version__
from benchmark_n.detectors.quality_sentinel.degrade import KINDS
from benchmark_n.detectors.quality_sentinel.pairs import Pairs
from benchmark_n.detectors.quality_sentinel.scoring import predict
from benchmark_n.detectors.quality_sentinel.settings import Settings
from benchmark_n.detectors.quality_sentinel.train import train
from benchmark_n.evaluators.label_quality.regression import evaluate_label_quality
from benchmark_n.experiments.seed_tables import cell, markdown, spread
from benchmark_n.training.quality_sentinel import PairRequest, dataset_pairs

RESULTS = Path(__file__).parents[1] / "results"
NAME = "quality-table1"
SEEDS = (1, 2, 3)
TRAINING = PairRequest("scenes", 901, 90, rounds=4, unet_epochs=())
TEST = PairRequest("scenes", 1, 60, rounds=3, kinds=tuple(KINDS), unet_epochs=(), own=False)
EPOCHS = 2
ROWS: dict[str, dict[str, Any]] = {
    "none": {"condition": "none", "ranking": 0.0},
    "one-hot": {"condition": "one-hot", "ranking": 0.0},
    "text": {"condition": "text", "ranking": 0.0},
    "pair loss": {"condition": "none", "ranking": 1.0},
    "text + pair loss": {"condition": "text", "ranking": 1.0},
    "all, resampled": {"condition": "text", "ranking": 1.0, "resample": 0.7},
}
MEASURES = ("LCC", "SROCC", "MAP@5", "MAP@10", "MAE")
# Table 1 of the paper gives LCC and SROCC of its full method.
PAPER = {"all, resampled": (0.902, 0.856)}


def run(row: str, seed: int, pairs: Pairs, test: Pairs) -> dict[str, Any]:
    """Train one row with one seed, and measure it."""
    settings = Settings(epochs=EPOCHS, seed=seed, bfloat16=True, **ROWS[row])
    started = time.process_time()
    sentinel = train(pairs, settings)
    cpu = time.process_time() - started
    made = predict(sentinel, test.crops, test.labels)
    found = evaluate_label_quality(made, test.dsc, [test.names[i] for i in test.labels.tolist()])
    values = (found.lcc, found.srocc, found.map_at[5], found.map_at[10], found.mae)
    return {
        "row": row,
        "seed": seed,
        "cpu_seconds": round(cpu, 1),
        **dict(zip(MEASURES, values, strict=True)),
    }


def as_markdown(rows: list[dict[str, Any]]) -> str:
    """Mean and standard deviation of each row, and the paper's figures."""
    names = ["row", "seeds", *MEASURES, "paper LCC", "paper SROCC"]
    cells = []
    for name in ROWS:
        group = [row for row in rows if row["row"] == name]
        if not group:
            continue
        ours = [cell(spread(row[measure] for row in group)) for measure in MEASURES]
        paper = [f"{value:.3f}" for value in PAPER[name]] if name in PAPER else ["-", "-"]
        cells.append([name, len(group), *ours, *paper])
    return markdown(names, cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=len(ROWS) * len(SEEDS))
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    path = arguments.out / f"{NAME}.json"
    rows = json.loads(path.read_text())["rows"] if path.is_file() else []
    done = {(row["row"], row["seed"]) for row in rows}
    missing = [(row, seed) for seed in SEEDS for row in ROWS if (row, seed) not in done]
    if missing:
        pairs = dataset_pairs(TRAINING, workers=1)
        test = dataset_pairs(TEST, seed=1, workers=1)
    for row, seed in missing[: arguments.runs]:
        rows.append(run(row, seed, pairs, test))
        report = {"benchmark-n": __version__, "epochs": EPOCHS, "rows": rows}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(report, indent=1) + "\n")
        path.with_suffix(".md").write_text(as_markdown(rows))
        print(rows[-1], flush=True)
    print(as_markdown(rows))


if __name__ == "__main__":
    main()
