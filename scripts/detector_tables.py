"""Rows of `bench_detectors.py` as a table of means and standard deviations."""

from __future__ import annotations

import numpy as np
from detector_parts import MEASURES, Row

from benchmark_n.experiments.seed_tables import cell, markdown, spread


def summarise(rows: list[Row]) -> list[Row]:
    """Mean and standard deviation (n - 1) over the seeds."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        key = tuple(str(row.get(name, "")) for name in ("noise", "backbone", "detector", "kind"))
        groups.setdefault(key, []).append(row)
    return [
        {
            "noise": key[0],
            "backbone": key[1],
            "detector": key[2],
            "kind": key[3],
            "seeds": len(group),
            "errors": float(np.mean([row["errors"] for row in group])),
            **{name: spread(row[name] for row in group) for name in MEASURES},
        }
        for key, group in groups.items()
    ]


def as_markdown(rows: list[Row]) -> str:
    """A table of means ± standard deviations."""
    headers = [
        "noise",
        "backbone",
        "detector",
        "kind",
        "seeds",
        "errors",
        "F1",
        "best F1",
        "AUPRC",
        "AUROC",
        "chance",
    ]
    plain = ("noise", "backbone", "detector", "kind", "seeds")
    cells = [
        [
            *(row[name] for name in plain),
            f"{row['errors']:.0f}",
            *(cell(row[name]) for name in MEASURES),
        ]
        for row in rows
    ]
    return markdown(headers, cells)
