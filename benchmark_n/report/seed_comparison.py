"""Detectors, or what others sent in, side by side over noise seeds: one table a kind of error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmark_n.coco.units import units_line
from benchmark_n.errors import InputError, did_you_mean
from benchmark_n.evaluators.label_errors.floors import HEADLINE
from benchmark_n.evaluators.label_errors.measures import BUDGETS, recall_at
from benchmark_n.evaluators.label_errors.over_seeds import over_seeds
from benchmark_n.evaluators.label_errors.results import LabelErrorResult
from benchmark_n.report.pages import floor_name
from benchmark_n.report.ranked_table import Measures, ranked_table, together
from benchmark_n.report.result_table import ResultTable

# Of label errors, to what tables call them; the first ranks.
FINDING = {
    HEADLINE: "lifted AUPRC",
    "f1_at_budget": "F1 at budget",
    "auprc": "AUPRC",
    "auroc": "AUROC",
}
# Of a review of a share of the annotations.
CORRECTING = {recall_at(share): f"noise gone at {100 * share:g} %" for share in BUDGETS}
_KINDS = ("class", "spatial", "spurious", "any", "missing")
_PAIRED = ("truth", "group_by", "groups", "bootstrap", "seed")


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


def floor_entries(of_seeds: Sequence[Mapping[str, LabelErrorResult]]) -> dict[str, Entry]:
    """The floors of each noise seed (`score_floors`) under the names that tables have."""
    return {
        floor_name(name): Entry([found[name] for found in of_seeds])
        for name in (of_seeds[0] if of_seeds else ())
    }


def comparison_tables(
    label: str,
    entries: Mapping[str, Entry],
    floors: Mapping[str, Entry],
    *,
    correcting: bool = False,
    against: str | None = None,
) -> list[ResultTable]:
    """`comparison_table` of each kind of error that somebody has scores of.

    Parameters
    ----------
    label
        The benchmark, which titles start with.
    correcting
        Errors found in a share of the annotations, all kinds together, in place of AUPRC and the
        like of each kind.

    Raises
    ------
    InputError
        As `comparison_table`.
    """
    kinds, shown = (("any",), CORRECTING) if correcting else (_KINDS, FINDING)
    made = (
        comparison_table(f"{label}: {k}", entries, floors, k, shown=shown, against=against)
        for k in kinds
    )
    return [table for table in made if table is not None]


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
        The competitor that leads are over; by default the best floor. Where it has no scores of
        this kind, there are no leads.

    Returns
    -------
    ResultTable
        None where nobody has scores of this kind, or the benchmark has no such errors.

    Raises
    ------
    InputError
        Results of other draws, a competitor with a floor's name, or `against` is no competitor.
    """
    if against is not None and against not in entries:
        raise InputError(f"`against` is '{against}': {did_you_mean(against, list(entries))}")
    _check_paired(together(entries, floors))
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


def _units(entries: Mapping[str, Entry]) -> str:
    settings = next(iter(entries.values())).results[0].settings
    return units_line(settings["group_by"], settings["groups"])


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
