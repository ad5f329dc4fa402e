"""Competitors, floors and ceilings of one table: ranked, with leads and p-values by Holm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

from benchmark_n.errors import InputError
from benchmark_n.evaluators.label_errors.over_seeds import OverSeeds, difference
from benchmark_n.evaluators.label_quality.holm import holm
from benchmark_n.report.result_table import Cell, Column, Figure, ResultTable

_NOTE = (
    "Means over noise seeds, with 95 % intervals by bootstrap over units; lead and p are of "
    "{measure} over {reference}, paired, p after Holm over the rows of the table."
)

Measures = Mapping[str, OverSeeds]
Named = TypeVar("Named")


def ranked_table(
    title: str,
    own: Mapping[str, Measures],
    floors: Mapping[str, Measures],
    shown: Mapping[str, str],
    notes: Sequence[str],
    *,
    told: Mapping[str, str],
    against: str | None = None,
    beside: Mapping[str, Measures] = MappingProxyType({}),
) -> ResultTable:
    """Competitors, floors and what else stands beside them, the highest first.

    Parameters
    ----------
    own, floors, beside
        Name to measures over the seeds, which all have the first of `shown`; the last are no
        competitors, and no lead is over them.
    told
        Competitor to what it was given beyond noisy labels and pictures.
    against
        The competitor that leads are over; by default the best of `floors`. There are no leads
        where it is not there.

    Raises
    ------
    InputError
        Two rows have one name.
    """
    headline = next(iter(shown))
    reference = _reference(own, floors, headline, against)
    every = together(own, floors, beside)
    leads = _leads({name: values[headline] for name, values in own.items()}, every, reference)
    rows: list[tuple[Cell, ...]] = []
    for name in sorted(every, key=lambda name: -every[name][headline].mean):
        figures = (_figure(every[name].get(measure)) for measure in shown)
        rows.append((name, told.get(name, ""), *figures, *leads.get(name, ("", ""))))
    unranked = frozenset(place for place, row in enumerate(rows) if row[0] not in own)
    note = _NOTE.format(measure=shown[headline], reference=reference or "nothing")
    return ResultTable(title, _columns(shown), tuple(rows), (note, *notes), unranked)


def together(*parts: Mapping[str, Named]) -> dict[str, Named]:
    """All rows by name, of which none may swallow another."""
    every: dict[str, Named] = {}
    for name, values in (item for part in parts for item in part.items()):
        if name in every:
            raise InputError(f"two rows are called '{name}': expected names that differ")
        every[name] = values
    return every


def _columns(shown: Mapping[str, str]) -> tuple[Column, ...]:
    return (
        *(Column("detector"), Column("told")),
        *(Column(header, 3, "highest") for header in shown.values()),
        *(Column("lead"), Column("p (Holm)", 4)),
    )


def _reference(
    own: Mapping[str, Measures], floors: Mapping[str, Measures], headline: str, against: str | None
) -> str | None:
    """The competitor that was asked for, else the best floor."""
    if against is None:
        return max(floors, key=lambda name: floors[name][headline].mean, default=None)
    return against if against in own else None


def _leads(
    own: Mapping[str, OverSeeds], every: Mapping[str, Measures], reference: str | None
) -> dict[str, tuple[Cell, Cell]]:
    """Competitor to its lead over the reference and the corrected p-value."""
    if reference is None:
        return {}
    headline = next(iter(every[reference].values()))
    found = {n: difference(one, headline) for n, one in own.items() if n != reference}
    corrected = holm([p for _, _, p in found.values()]).tolist()
    return {
        name: (Figure(lead, spread), Figure(p))
        for (name, (lead, spread, _)), p in zip(found.items(), corrected, strict=True)
    }


def _figure(found: OverSeeds | None) -> Figure:
    return Figure(None) if found is None else Figure(found.mean, found.interval, found.sd)
