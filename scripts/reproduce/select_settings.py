"""Choose the penalty of the linear heads, and cleanlab's score, on data that no table reports.

The scenes are of another data seed than those of `detectors.py`, the noise of seeds from 101
on; the digits are the same pictures (there are no others) under other noise. Each combination's
figures are appended to ``scripts/results/selection.jsonl``, so that a stopped run goes on.

    python scripts/reproduce/select_settings.py [--seeds 3]
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from detector_parts import scenes
from digit_parts import digit_row, digits, flipped
from digit_parts import out_of_fold as digits_out_of_fold

from benchmark_n.detectors import Evidence, build_detector, run_detector
from benchmark_n.experiments.detector_seeds import Make, Row, features, measured, out_of_fold
from benchmark_n.experiments.seed_tables import markdown

RESULTS = Path(__file__).parents[1] / "results" / "selection"
FIRST_SEED, DATA_SEED = 101, 1
PENALTIES = {
    "hog": (1e-4, 3e-4, 1e-3, 3e-3, 1e-2),
    "lite0": (1e-4, 3e-4, 1e-3, 3e-3, 1e-2),
    "digits": (0.005, 0.01, 0.02, 0.05, 0.1, 0.2),
}
SCORES: list[dict[str, Any]] = [
    {"method": "self_confidence"},
    {"method": "self_confidence", "adjust": True},
    {"method": "normalized_margin"},
    {"method": "normalized_margin", "adjust": True},
    {"method": "confidence_weighted_entropy"},
]
SCENES: dict[str, Make] = {
    "sym-20": scenes("sym-20", data_seed=DATA_SEED),
    "mid class confusion": scenes("mid", ("class_confusion",), DATA_SEED),
}
RATES = {"symmetric 5%": 0.05, "symmetric 20%": 0.2}


def tables(evidence: Evidence) -> Iterator[tuple[str, Any]]:
    """The name and the table of each of cleanlab's scores."""
    for options in SCORES:
        name = options["method"] + (", adjusted" if options.get("adjust") else "")
        yield name, run_detector(build_detector("cleanlab", options), evidence)


def on_scenes(noise: str, backbone: str, seed: int) -> Iterator[Row]:
    """Each penalty and score on scenes."""
    # The masks are the same whatever the noise: one set of features for all.
    rows = features(SCENES["sym-20"], backbone)
    with tempfile.TemporaryDirectory() as folder:
        benchmark = SCENES[noise](seed, Path(folder) / "benchmark")
        for penalty in PENALTIES[backbone]:
            evidence = out_of_fold(benchmark, rows, inverse_penalty=penalty)
            for name, table in tables(evidence):
                for row in measured(name, table, benchmark, ["class"]):
                    yield {"C": penalty, **row}


def on_digits(noise: str, seed: int) -> Iterator[Row]:
    """Each penalty and score on the digits."""
    _, labels = digits()
    noisy = flipped(labels, RATES[noise], seed)
    for penalty in PENALTIES["digits"]:
        for name, table in tables(digits_out_of_fold(noisy, penalty)):
            yield {"C": penalty, **digit_row(name, table, noisy != labels)}


def measure(seeds: range, path: Path) -> list[Row]:
    """All rows, those in `path` and new ones, which are appended to it."""
    rows: list[Row] = []
    if path.is_file():
        rows = [json.loads(line) for line in path.read_text().splitlines()]
    done = {(row["data"], row["noise"], row["seed"]) for row in rows}
    asked = [(data, noise) for data in ("hog", "lite0") for noise in SCENES]
    asked += [("digits", noise) for noise in RATES]
    for data, noise in asked:
        for seed in seeds:
            if (data, noise, seed) in done:
                continue
            made = on_digits(noise, seed) if data == "digits" else on_scenes(noise, data, seed)
            fresh = [{"data": data, "noise": noise, "seed": seed, **row} for row in made]
            with path.open("a") as file:
                file.writelines(json.dumps(row) + "\n" for row in fresh)
            rows += fresh
    return rows


def as_markdown(rows: list[Row]) -> str:
    """Means over the seeds."""
    groups: dict[tuple[str, str, float, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["data"], row["noise"], row["C"], row["detector"]), []).append(row)
    table = []
    for (data, noise, penalty, name), group in groups.items():
        means = [np.mean([row[key] for row in group]) for key in ("f1", "best_f1", "auprc")]
        table.append([data, noise, f"{penalty:g}", name, *(f"{mean:.3f}" for mean in means)])
    return markdown(["data", "noise", "C", "score", "F1 of the flags", "best F1", "AUPRC"], table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    seeds = range(FIRST_SEED, FIRST_SEED + arguments.seeds)
    table = as_markdown(measure(seeds, RESULTS.with_suffix(".jsonl")))
    RESULTS.with_suffix(".md").write_text(table)
    print(table)


if __name__ == "__main__":
    main()
