"""Detectors, or what others sent in, side by side over noise seeds: one table a kind of error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from benchmark_n.coco.units import units_line
from benchmark_n.errors import InputError, did_you_mean
from benchmark_n.evaluators.label_errors.floors import HEADLINE
from benchmark_n.evaluators.label_errors.measures import BUDGETS, recall_at
from benchmark_n.evaluators.label_errors.over_seeds import OverSeeds, difference, over_seeds
from benchmark_n.evaluators.label_errors.results import LabelErrorResult
from benchmark_n.evaluators.label_quality.holm import holm
from benchmark_n.report.result_table import Cell, Column, Figure, ResultTable

# Of label errors, to what tables call them; the first ranks.
FINDING = {
    HEADLINE: "lifted AUPRC",
    "f1_at_budget": "F1 at budget",
    "auprc": "AUPRC",
    "auroc": "AUROC",
}
# Of a review of a share of the annotations.
CORRECTING = {recall_at(share): f"noise gone at {100 * share:g} %" for share in BUDGETS}
_PAIRED = ("truth", "group_by", "groups", "bootstrap", "seed")
_NOTE = (
    "Means over noise seeds, with 95 % intervals by bootstrap over units; lead and p are of "
    "{measure} over {reference}, paired, p after Holm over the rows of the table."
)

Measures = Mapping[str, OverSeeds]


@dataclass(frozen=True)
class Entry:
    """What one competitor has.

    Parameters
    ----------
    results
        Of each noise seed, in the same order for all.
    told
        What it was given beyond noisy labels and pictures.
    """

    results: Sequence[LabelErrorResult]
    told: str = ""


def comparison_table(
    title: str,
    entries: Mapping[str, Entry],
    floors: Mapping[str, Entry],
    kind: str,
    *,
    shown: Mapping[str, str] = FINDING,
    against: str | None = None,
) -> ResultTable | None:
    """Competitors and floors by the first of the `shown` measures, the highest first.

    Parameters
    ----------
    entries, floors
        Name to results; competitors without scores of this kind under every seed are told in a
        note.
    kind
        Of error.
    shown
        Measure to its header.
    against
        The competitor that leads are over; by default the best floor.

    Returns
    -------
    ResultTable
        None where nobody has scores of this kind, or the benchmark has no such errors.

    Raises
    ------
    InputError
        Results of other draws, or `against` is no competitor.
    """
    _check_paired({**entries, **floors})
    own = _known(entries, kind, shown)
    beside = _known(floors, kind, shown)
    if not own:
        return None
    notes = (
        *(f"{name}: no scores of {kind} under every seed" for name in entries if name not in own),
        _units(entries),
    )
    told = {name: entry.told for name, entry in entries.items()}
    return ranked_table(title, own, beside, shown, notes, told=told, against=against)


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

    Raises
    ------
    InputError
        `against` is no competitor.
    """
    headline = next(iter(shown))
    reference = _reference(own, floors, headline, against)
    every = {**own, **floors, **beside}
    leads = _leads({name: values[headline] for name, values in own.items()}, every, reference)
    rows: list[tuple[Cell, ...]] = []
    for name in sorted(every, key=lambda name: -every[name][headline].mean):
        figures = (_figure(every[name].get(measure)) for measure in shown)
        rows.append((name, told.get(name, ""), *figures, *leads.get(name, ("", ""))))
    unranked = frozenset(place for place, row in enumerate(rows) if row[0] not in own)
    note = _NOTE.format(measure=shown[headline], reference=reference or "nothing")
    return ResultTable(title, _columns(shown), tuple(rows), (note, *notes), unranked)


def _units(entries: Mapping[str, Entry]) -> str:
    settings = next(iter(entries.values())).results[0].settings
    return units_line(settings["group_by"], settings["groups"])


def _columns(shown: Mapping[str, str]) -> tuple[Column, ...]:
    return (
        *(Column("detector"), Column("told")),
        *(Column(header, 3, "highest") for header in shown.values()),
        *(Column("lead"), Column("p (Holm)", 4)),
    )


def _known(
    entries: Mapping[str, Entry], kind: str, shown: Mapping[str, str]
) -> dict[str, Measures]:
    """Each measure over the seeds, of those that have the first of them under every seed."""
    found = {name: _over_seeds(entry, kind, shown) for name, entry in entries.items()}
    headline = next(iter(shown))
    return {name: values for name, values in found.items() if headline in values}


def _over_seeds(entry: Entry, kind: str, shown: Mapping[str, str]) -> Measures:
    results = [one.kinds[kind] for one in entry.results if kind in one.kinds]
    made = {}
    for name in shown:
        values = [one.measures.get(name) for one in results]
        known = [float(value) for value in values if value is not None]
        if known and len(known) == len(entry.results):
            made[name] = over_seeds(known, [one.replicates[name] for one in results])
    return made


def _reference(
    own: Mapping[str, Measures], floors: Mapping[str, Measures], headline: str, against: str | None
) -> str | None:
    """The competitor that was asked for, else the best floor."""
    if against is None:
        return max(floors, key=lambda name: floors[name][headline].mean, default=None)
    if against not in own:
        raise InputError(f"`against` is '{against}': {did_you_mean(against, list(own))}")
    return against


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


def _check_paired(entries: Mapping[str, Entry]) -> None:
    """Refuse results whose replicates are not of the same draws, as `paired_difference` does."""
    known = {
        name: [{key: one.settings[key] for key in _PAIRED} for one in entry.results]
        for name, entry in entries.items()
    }
    first, expected = next(iter(known.items()))
    for name, settings in known.items():
        for one in settings:
            wrong = next((key for key in _PAIRED if one[key] != expected[0][key]), None)
            if wrong is not None or len(settings) != len(expected):
                key = wrong or "groups"
                raise InputError(
                    f"{name}: {key} is {one[key]} over {len(settings)} seeds, but "
                    f"{expected[0][key]} over {len(expected)} in {first}: they cannot be paired"
                )
