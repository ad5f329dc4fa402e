"""What of the baseline grid was measured, what did not run and why, and what is left."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark_n.experiments.baseline_rankings import Piece
from benchmark_n.report.table_formats import markdown_table

_WHY = """\
`mask_disagreement` reads masks that a model predicts, of which none is at hand here; it was run on
[brain MRI](../scripts/results/detectors-brain.md). `consensus` reads further annotators, of whom
the real pairs have none but those that they are judged by.
"""


def measured(pieces: Sequence[Piece], missing: Sequence[str]) -> str:
    """How much of the grid there is, and what it took."""
    spent = sum(piece["cpu_seconds"] for piece in pieces) / 3600
    text = (
        f"Pieces (set and tier) with figures: {len(pieces)}, which took {spent:.2f} core-hours,\n"
    )
    text += "evidence that was at hand from before not counted."
    if missing:
        text += f" **Not whole yet** are {len(missing)} ([which](#what-was-not-measured))."
    return f"{text}\n"


def not_measured(missing: Sequence[str]) -> list[str]:
    """What of the grid is still to be done."""
    if not missing:
        return []
    return ["## What was not measured\n", "".join(f"- {name}\n" for name in missing)]


def not_run(pieces: Sequence[Piece]) -> list[str]:
    """Detectors that did not run, by reason."""
    where: dict[tuple[str, str], list[str]] = {}
    for piece in pieces:
        for name, reason in piece["not_run"].items():
            where.setdefault((reason, name), []).append(f"{piece['set']} {piece['tier']}")
    alike: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (reason, name), places in where.items():
        alike.setdefault((reason, tuple(places)), []).append(name)
    rows = [
        [", ".join(names), ", ".join(places), reason] for (reason, places), names in alike.items()
    ]
    return ["## What did not run\n", _WHY, markdown_table(["detector", "where", "why"], rows, 3)]
