"""What labels alone tell of the hard tier's errors, on the samples and the drawn scenes.

    python scripts/reproduce/leakage.py

Seeds are those that are named, none is chosen. Written to ``scripts/results/leakage.json`` and, as
a table for ``docs/leak-audit.md``, to ``scripts/results/leakage.md``.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from detector_parts import SHARED

import benchmark_n
from benchmark_n.evaluators.leakage.audit import FAMILIES, audit
from benchmark_n.evaluators.leakage.labels_alone import labels_alone
from benchmark_n.evaluators.leakage.records import COLUMNS, published_input

RESULTS = Path(__file__).parents[1] / "results" / "leakage"
SEEDS = (1, 2, 3)
SOURCES = {
    "coco128": ("coco", {"annotations": SHARED / "coco128/instances_coco128.json"}),
    "val2014_100": (
        "coco",
        {"annotations": SHARED / "coco_val2014_100/instances_val2014_100.json"},
    ),
    "scenes": ("scenes", {"num_images": 400}),
}


def measure(name: str, seed: int, work: Path) -> dict[str, Any]:
    """The audit and the figures of gradient boosting of one benchmark."""
    dataset, options = SOURCES[name]
    source = benchmark_n.SourceOptions(**options)
    out = work / f"{name}-{seed}"
    benchmark = benchmark_n.make(dataset, "hard", seed=seed, out=out, source=source)
    coco = benchmark.noisy()
    published, truth = published_input(benchmark.manifest(list(COLUMNS)), coco)
    found = audit(published, truth)
    return {
        "source": name,
        "seed": seed,
        "marked": list(benchmark.leaks),
        "failed": {f: sum(t.family == f for t in found.failed) for f in FAMILIES},
        "audit": found.to_dict(),
        "labels": [t.to_dict() for t in labels_alone(coco, published, truth, lambda ids: ids)],
    }


def table(rows: list[dict[str, Any]]) -> str:
    """Ranges over the seeds, a line for each source, kind of error and kind of label."""
    lines = ["| source | guessed | from | AUROC | AUPRC | π |", "|---|---|---|---|---|---|"]
    for name in SOURCES:
        runs = [row["labels"] for row in rows if row["source"] == name]
        for told in zip(*runs, strict=True):
            figures = [spread([one[key] for one in told]) for key in ("auroc", "auprc", "share")]
            lines.append(
                f"| {name} | {told[0]['target']} | {told[0]['features']} | {' | '.join(figures)} |"
            )
    return "\n".join(lines) + "\n"


def spread(values: list[float | None]) -> str:
    """Least and largest of the seeds' figures, two digits."""
    known = np.array([v for v in values if v is not None])
    if not known.size:
        return "-"
    least, most = (f"{v:.2f}".removeprefix("0") for v in (known.min(), known.max()))
    return least if least == most else f"{least} to {most}"


def main() -> None:
    """Run from the command line."""
    argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0]).parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as work:
        for name in SOURCES:
            for seed in SEEDS:
                rows.append(measure(name, seed, Path(work)))
                print(name, seed, rows[-1]["failed"], file=sys.stderr)
    RESULTS.with_suffix(".json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    RESULTS.with_suffix(".md").write_text(table(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
