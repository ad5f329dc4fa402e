"""The page of the baseline grid: what ran, how it ranks, what did not run and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmark_n.experiments.baseline_gaps import measured, not_measured, not_run
from benchmark_n.experiments.baseline_grid import DRAWN_IMAGES, KINDS
from benchmark_n.experiments.baseline_rankings import (
    REAL,
    Piece,
    compare_on_same_pictures,
    compare_rankings,
)
from benchmark_n.experiments.baseline_summary import above_floor, summary
from benchmark_n.experiments.baseline_transfer import Transfer
from benchmark_n.report.result_table import Column, Figure, interval_text, value_text
from benchmark_n.report.table_formats import markdown_table

Row = dict[str, Any]
MAIN, HUMAN = "hard", "human-lvis-crowd"
AT_FLOOR = "≤ floor"
FIRST = "¹"
_COLUMN = Column("", 2)
_TITLES = {
    "class": "Wrong categories (`class`)",
    "spatial": "Wrong masks (`spatial`)",
    "spurious": "Annotations of nothing (`spurious`)",
    "missing": "Missing annotations (`missing`)",
    "any": "All together (`any`)",
}
_HEAD = """# Baselines

Every detector that comes with the package and every floor, on drawn and real pictures, under noise
of tiers and of people. Written by `python scripts/reproduce/baseline_grid.py`; the figures are in
`scripts/results/baseline-grid/`.
"""
_LEGEND = f"""\
**Figures** are lifted AUPRC (0 is chance, 1 perfect; of `missing`, AUPRC): the mean over the seeds,
in brackets its 95 % interval by bootstrap over [units](units.md), which says how sure the mean is
over other pictures. {FIRST} marks detectors that are slow and ran under the first seed or drawing
alone, against the floors under it. The best of a column, and the best of those with {FIRST}, are
**bold** where they are above the floor. `{AT_FLOOR}` stands where the paired 95 % interval of the
lead over the best [floor](floors.md) holds 0 or less: there the detector has shown nothing. *told*
is what a detector was given beyond noisy labels and pictures. Detectors run with their defaults.
`unannotated`, `unsupported`, `misplaced` and `objectlab` read [NanoDet](coco-detectors.md)'s boxes:
it was trained on COCO's train2017, and has seen the labels of `coco128`'s pictures. `scenes` and
`phantom` are {DRAWN_IMAGES} drawn images each; of `lvis_double` each annotator is judged by the
other, of `cfos_experts` four experts by the consensus of all; `lvis_double_a` is drawn noise on the
first annotator's file of `lvis_double`. A dash: it did not run ([why](#what-did-not-run)), does not
judge this kind of error, or a seed made no such errors.
"""


def baseline_page(pieces: Sequence[Piece], missing: Sequence[str] = ()) -> str:
    """The page in Markdown.

    Parameters
    ----------
    pieces
        As `benchmark_n.experiments.baseline_grid.measure_piece` gives them, with ``set`` and
        ``tier``, in the order of the columns.
    missing
        Names of the pieces of the grid that were not measured.
    """
    transfer = Transfer(compare_rankings(pieces), compare_on_same_pictures(pieces))
    main = [piece for piece in pieces if piece["tier"] in (MAIN, REAL)]
    tiers = dict.fromkeys(p["tier"] for p in pieces if p["tier"] not in (MAIN, REAL))
    once = [piece for piece in pieces if "pair" not in piece]  # its pictures are there already
    parts = [_HEAD, *transfer.verdict(), *summary(once, (MAIN, HUMAN, REAL))]
    parts += ["## How to read the tables\n", _LEGEND, measured(pieces, missing)]
    for kind in KINDS:
        parts += _section(f"## {_TITLES[kind]}", main, kind)
    parts += transfer.section()
    for tier in tiers:
        own = [piece for piece in pieces if piece["tier"] == tier]
        for kind in KINDS:
            parts += _section(f"## Tier {tier}: {_TITLES[kind].lower()}", own, kind)
    parts += [*not_run(pieces), *not_measured(missing)]
    return "\n".join(parts).rstrip("\n") + "\n"


def _section(title: str, pieces: Sequence[Piece], kind: str) -> list[str]:
    """A heading and its table; nothing where no detector has a figure."""
    columns = [[row for row in piece["rows"] if row["kind"] == kind] for piece in pieces]
    names = _detectors(columns)
    if not names:
        return []
    shown = [(p, own) for p, own in zip(pieces, columns, strict=True) if _of(own, floor=False)]
    floors = dict.fromkeys(row["name"] for _, own in shown for row in own if row["floor"])
    heads = ["detector", "told", *(_head(piece) for piece, _ in shown)]
    rows = []
    for name in (*names, *floors):
        told = [row["told"] for _, own in shown for row in own if row["name"] == name]
        cells = [_cell(name, own) for _, own in shown]
        rows.append([name, next(filter(None, told), ""), *cells])
    errors = [f"{own[0]['errors']:.0f}" for _, own in shown]
    rows.append(["errors, mean number", "", *errors])
    return [f"{title}\n", markdown_table(heads, rows, 2)]


def _detectors(columns: Sequence[Sequence[Row]]) -> list[str]:
    """Names of the detectors, the highest mean lead over the best floor first."""
    leads: dict[str, list[float]] = {}
    for own in columns:
        for row in _of(own, floor=False):
            leads.setdefault(row["name"], []).append(
                float(row["lead"] if "lead" in row else row["mean"])
            )
    return sorted(leads, key=lambda name: (-float(np.mean(leads[name])), name))


def _of(rows: Sequence[Row], *, floor: bool) -> list[Row]:
    return [row for row in rows if row["floor"] == floor]


def _head(piece: Piece) -> str:
    """``scenes, 5 seeds``; of real pairs what was drawn is no seed."""
    count = len(piece["drawings"])
    what = "drawing" if piece["tier"] == REAL else "seed"
    tier = "" if piece["tier"] == REAL else f" {piece['tier']}"
    return f"{piece['set']}{tier}, {count} {what}{'s' * (count != 1)}"


def _cell(name: str, column: Sequence[Row]) -> str:
    row = next((row for row in column if row["name"] == name), None)
    if row is None:
        return "-"
    figure = Figure(row["mean"], row["interval"])
    text = value_text(figure, _COLUMN)
    at_floor = "lead" in row and not above_floor(row)
    alike = [r for r in _of(column, floor=False) if r.get("drawings") == row.get("drawings")]
    rivals = [value_text(Figure(r["mean"]), _COLUMN) for r in alike]
    if not row["floor"] and not at_floor and float(text) == max(map(float, rivals)):
        text = f"**{text}**"
    between = interval_text(figure, _COLUMN)
    text += (FIRST if "drawings" in row else "") + (f" ({between})" if between else "")
    return f"{text} {AT_FLOOR}" if at_floor else text
