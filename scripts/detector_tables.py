"""Rows of `bench_detectors.py` as a table of means and standard deviations."""

from __future__ import annotations

import numpy as np
from detector_parts import MEASURES, Row


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
            **{name: _spread([row[name] for row in group]) for name in MEASURES},
        }
        for key, group in groups.items()
    ]


def _spread(values: list[float | None]) -> list[float] | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    return [float(np.mean(known)), float(np.std(known, ddof=1)) if len(known) > 1 else np.nan]


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
    lines = ["| " + " | ".join(headers) + " |", "|---" * len(headers) + "|"]
    for row in rows:
        cells = [
            row["noise"],
            row["backbone"],
            row["detector"],
            row["kind"],
            str(row["seeds"]),
            f"{row['errors']:.0f}",
            *(_cell(row[name]) for name in MEASURES),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(value: list[float] | None) -> str:
    if value is None:
        return "-"
    return f"{value[0]:.3f}" + ("" if np.isnan(value[1]) else f" ± {value[1]:.3f}")
