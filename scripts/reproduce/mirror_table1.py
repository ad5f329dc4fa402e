"""MIRROR's Table 1: symmetric class noise of 5 % on folders of medical images.

    python scripts/reproduce/mirror_table1.py --data BrainTumour=DIR --data COVID=DIR [--seeds 5]

DIR holds one folder of images a class (or is an ``.npz`` file with images and labels). The paper's
data (brain-tumour MRI, COVID X-ray) are not part of this package; where no --data is given, the
script runs on the re-cut of PneumoniaMNIST among the shared samples ($BENCHMARK_N_SHARED_DATA) and
on scikit-learn's digits. Classifiers are trained in sample, as in the paper, and out of fold.
Rows are appended to ``mirror-table1.jsonl``, so that a stopped run goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import benchmark_n
from benchmark_n import EvidenceOptions, LabelErrorOptions
from benchmark_n.evidence.options import Fit
from benchmark_n.experiments.seed_tables import cell, markdown, spread

SHARED = Path(os.environ.get("BENCHMARK_N_SHARED_DATA", "../shared/data"))
RESULTS = Path(__file__).parents[1] / "results"
FITS: tuple[Fit, ...] = ("in-sample", "out-of-fold")
Row = dict[str, Any]
SMALL = "saliency:scratch:plain,scratch:wide,scratch:deep"
LARGE = "saliency:lite0,lite1,lite2"
NAMES = ("precision", "recall", "f1", "auprc")


def default_data(folder: Path) -> dict[str, tuple[Path, str]]:
    """Name to file and split of what is at hand without the paper's data."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    path = folder / "digits.npz"
    pixels = np.rint(digits.images * 255 / 16).astype(np.uint8)
    np.savez(path, images=pixels, labels=digits.target.astype(np.int64))
    found = {"digits": (path, "all")}
    pneumonia = SHARED / "pneumoniamnist" / "pneumoniamnist.npz"
    if pneumonia.is_file():
        found["pneumoniamnist, test"] = (pneumonia, "test")
    return found


def rows(name: str, data: tuple[Path, str], evidence: str, seed: int, fit: Fit) -> list[Row]:
    """MIRROR and cleanlab on the same classifiers."""
    made = []
    root, split = data
    with tempfile.TemporaryDirectory() as folder:
        benchmark = benchmark_n.make(
            "imagefolder",
            recipe="sym-5",
            seed=seed,
            out=Path(folder) / "benchmark",
            source=benchmark_n.SourceOptions(root=root, split=split),
        )
        found = benchmark_n.evaluate_detectors(
            benchmark,
            ["mirror", "cleanlab"],
            evidence=EvidenceOptions((evidence,), fit=fit, evidence_dir=Path(folder) / "evidence"),
            scoring=LabelErrorOptions(bootstrap=2),
        )
    for one in found:
        assert one.result is not None
        measures = one.result.kinds["class"].measures
        shares = one.provenance["evidence"][0]["agreement"].values()
        row: Row = {"data": name, "fit": fit, "seed": seed, "detector": one.detector}
        row["labels repeated"] = float(np.mean(list(shares)))
        made.append({**row, **{measure: measures[measure] for measure in NAMES}})
    return made


def measure(data: dict[str, tuple[Path, str]], evidence: str, seeds: int, path: Path) -> list[Row]:
    """All rows, those in `path` and new ones, which are appended to it."""
    found: list[Row] = []
    if path.is_file():
        found = [json.loads(line) for line in path.read_text().splitlines()]
    done = {(row["data"], row["fit"], row["seed"]) for row in found}
    for fit in FITS:
        for name, source in data.items():
            for seed in range(1, seeds + 1):
                if (name, fit, seed) in done:
                    continue
                fresh = rows(name, source, evidence, seed, fit)
                with path.open("a") as file:
                    file.writelines(json.dumps(row) + "\n" for row in fresh)
                found += fresh
                print(f"{name}, {fit}, seed {seed}: done", flush=True)
    return found


def as_markdown(found: list[Row]) -> str:
    """Means ± standard deviations over the seeds."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in found:
        groups.setdefault((row["data"], row["fit"], row["detector"]), []).append(row)
    columns = ("labels repeated", *NAMES)
    cells = [
        [*key, len(group), *(cell(spread(row[name] for row in group)) for name in columns)]
        for key, group in groups.items()
    ]
    return markdown(["data", "fit", "detector", "seeds", *columns], cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", action="append", default=[], metavar="NAME=DIR")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    path = arguments.out / "mirror-table1.jsonl"
    named = dict(text.split("=", 1) for text in arguments.data)
    data = {name: (Path(where), "all") for name, where in named.items()}
    with tempfile.TemporaryDirectory() as folder:
        found = measure(
            data or default_data(Path(folder)), LARGE if data else SMALL, arguments.seeds, path
        )
    path.with_suffix(".md").write_text(as_markdown(found))
    print(as_markdown(found))


if __name__ == "__main__":
    main()
