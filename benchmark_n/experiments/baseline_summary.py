"""The baseline grid in one minute: in how many sets each detector is above the floor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmark_n.experiments.baseline_rankings import CHANCE, KINDS, Piece
from benchmark_n.report.table_formats import markdown_table

Row = Mapping[str, Any]


def above_floor(row: Row) -> bool:
    """Whether the interval of a detector's lead over the best floor lies above 0.

    >>> above_floor({"lead": 0.1, "lead_interval": [0.02, 0.2]}), above_floor({"lead": 0.1})
    (True, False)
    """
    spread = row.get("lead_interval")
    return "lead" in row and spread is not None and bool(spread[0] > 0)


def summary(pieces: Sequence[Piece], tiers: Sequence[str]) -> list[str]:
    """A table of the detectors that are above the floor somewhere, and the names of the others.

    Parameters
    ----------
    pieces
        As `benchmark_n.experiments.baseline_grid.measure_piece` gives them, with ``tier``.
    tiers
        A column each, by kind of error.
    """
    counts: dict[str, dict[tuple[str, str], list[bool]]] = {}
    for piece in pieces:
        for row in piece["rows"]:
            if piece["tier"] in tiers and row["kind"] in KINDS and "lead" in row:
                place = (row["kind"], piece["tier"])
                counts.setdefault(row["name"], {}).setdefault(place, []).append(above_floor(row))
    counts.pop(CHANCE, None)
    places = [(kind, tier) for kind in KINDS for tier in tiers]
    used = [place for place in places if any(place in own for own in counts.values())]
    won = {name: sum(sum(each) for each in own.values()) for name, own in counts.items()}
    rows = [
        [name, *(_share(counts[name].get(place, [])) for place in used)]
        for name in sorted(counts, key=lambda name: (-won[name], name))
        if won[name]
    ]
    if not rows:
        return []
    heads = ["detector", *(f"{kind}, {tier.partition('-')[0]}" for kind, tier in used)]
    parts = ["## In one minute: in how many sets each is above the floor\n"]
    parts.append(markdown_table(heads, rows, 1))
    never = sorted(name for name in counts if not won[name])
    if never:
        listed = ", ".join(f"`{name}`" for name in never)
        parts.append(f"Above the floor in none of these: {listed}.\n")
    return parts


def _share(wins: Sequence[bool]) -> str:
    return f"{sum(wins)}/{len(wins)}" if wins else "-"
