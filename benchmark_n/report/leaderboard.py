"""Results of many detectors on one benchmark, side by side.

Results whose evidence comes from models trained on different labels answer different questions,
so each such provenance has tables of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec

from benchmark_n.coco.units import units_line
from benchmark_n.errors import InputError
from benchmark_n.evaluators.label_errors.floors import without_flags
from benchmark_n.report.pages import MEASURES, floor_name, measure_texts
from benchmark_n.report.results_reader import (
    SAME_SETTINGS,
    AgainstFloor,
    EvidenceRecord,
    FloorMeasures,
    Measures,
    ResultsFile,
    check_comparable,
    read_all_results,
)

NAMES = ("detector", "told", "evidence", "options", "best floor")
HEADERS = (*NAMES, *(name for _, name, _ in MEASURES))
_MENTIONED = {"backbone": "{}", "num_folds": "{} folds", "seed": "seed {}"}


@dataclass(frozen=True)
class Row:
    """One detector's, or floor's, measures of one kind of error, with their 95 % intervals.

    Parameters
    ----------
    told
        What the detector was given beyond noisy labels and pictures.
    against
        ``> blind`` where it is above the best floor, which is named; ``≤ blind`` where the paired
        interval of the difference holds 0 or less; empty for a floor.
    """

    detector: str
    told: str
    evidence: str
    options: str
    against: str
    measures: Mapping[str, float | int | None]
    intervals: Mapping[str, Sequence[float] | None]
    file: str

    def names(self) -> tuple[str, ...]:
        """The texts under `NAMES`."""
        return (self.detector, self.told, self.evidence, self.options, self.against)

    def values(self) -> list[tuple[str, str]]:
        """Text and interval of each of `MEASURES`; without an interval its text is empty."""
        return measure_texts(self.measures, self.intervals)

    def cells(self) -> list[str]:
        """The row's texts under `HEADERS`."""
        values = [f"{text} ({spread})" if spread else text for text, spread in self.values()]
        return [*self.names(), *values]

    def rank(self) -> tuple[Any, ...]:
        """A key to sort by: lifted AUPRC, then F1 at the budget, the highest first."""
        first = (self.measures[name] for name, _, _ in MEASURES[:2])
        return (*(math.inf if value is None else -value for value in first), self.cells())


@dataclass(frozen=True)
class Leaderboard:
    """Tables by provenance of the evidence and by kind of error.

    Parameters
    ----------
    benchmark
        Name, recipe, seed, and SHA-256 of recipe and source.
    settings
        What counts as an error.
    tables
        ``trained_on`` to kind to rows, the highest lifted AUPRC first.
    floors
        Kind to the rows of what needs no detector.
    leaks
        What its published file is known to tell of its errors.
    units
        What the intervals resample, a line for each that differs.
    """

    benchmark: Mapping[str, Any]
    settings: Mapping[str, Any]
    tables: Mapping[str, Mapping[str, Sequence[Row]]]
    floors: Mapping[str, Sequence[Row]]
    leaks: tuple[str, ...] = ()
    units: tuple[str, ...] = ()

    def ranked(self, trained_on: str, kind: str) -> list[Row]:
        """The rows of one table with the floors among them."""
        rows = [*self.tables[trained_on][kind], *self.floors.get(kind, ())]
        return sorted(rows, key=Row.rank)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def read_leaderboard(paths: Iterable[Path | str]) -> Leaderboard:
    """Collect ``results.json`` files of `evaluate_detectors`.

    Parameters
    ----------
    paths
        Files, or folders that have such files anywhere below them; results of other kinds that
        are met there are left out.

    Raises
    ------
    InputError
        A file of another kind, results of different benchmarks or settings, or one run twice.

    Examples
    --------
    >>> from benchmark_n import SourceOptions, evaluate_detectors, make
    >>> from benchmark_n.report.results_writer import write_detected
    >>> benchmark = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard")
    >>> write_detected(evaluate_detectors(benchmark, "random")[0], Path("results"))
    >>> board = read_leaderboard(["results"])
    >>> [(labels, rows["any"][0].detector) for labels, rows in board.tables.items()]
    [('', 'random')]
    """
    files = read_all_results(paths)
    first, reference = next(iter(files.items()))
    tables: dict[str, dict[str, list[Row]]] = {}
    floors: dict[str, list[Row]] = {}
    seen: dict[tuple[str, ...], Path] = {}
    for path, file in files.items():
        check_comparable(path, file, first, reference)
        provenance, run = file.provenance, _run(file)
        if run in seen:
            raise InputError(f"{path}: the same run as {seen[run]}: give one of them")
        seen[run] = path
        for kind, values in file.results.kinds.items():
            names = (run[0], ", ".join(provenance.told), *run[1:3], _against(values.against_floor))
            row = Row(*names, _measures(values), values.intervals or {}, str(path))
            floors.setdefault(kind, _floor_rows(values.floors, path))
            tables.setdefault(provenance.trained_on, {}).setdefault(kind, []).append(row)
    for kinds in tables.values():
        for rows in kinds.values():
            rows.sort(key=Row.rank)
    settings = {name: reference.results.settings.get(name) for name in SAME_SETTINGS}
    benchmark = msgspec.structs.asdict(reference.provenance.benchmark)
    ordered = {name: tables[name] for name in sorted(tables)}
    units = tuple(dict.fromkeys(u for f in files.values() for u in _units(f.results.settings)))
    return Leaderboard(benchmark, settings, ordered, floors, reference.provenance.leaks, units)


def _run(file: ResultsFile) -> tuple[str, str, str, str]:
    """The detector, its evidence and options, and what its models were trained on."""
    told = file.provenance
    return file.detector, _evidence(told.evidence), _options(told.options), told.trained_on


def _units(settings: Mapping[str, Any]) -> list[str]:
    """The line about units, where the file tells them."""
    field, count = settings.get("group_by"), settings.get("groups")
    return [units_line(field, count)] if isinstance(field, str) and isinstance(count, int) else []


def _measures(values: Measures) -> dict[str, float | int | None]:
    return {name: getattr(values, name) for name, _, _ in MEASURES}


def _evidence(sources: Sequence[EvidenceRecord]) -> str:
    """What the evidence was made from, in few words; files with the start of their SHA-256."""
    texts = []
    for source in sources:
        values = ((text, getattr(source, name)) for name, text in _MENTIONED.items())
        stated = [text.format(value) for text, value in values if value is not None]
        stated += [f"{one.file} {one.sha256:.8}" for one in source.files]
        texts.append(f"{source.evidence}: {', '.join(stated)}")
    return "; ".join(texts)


def _options(options: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in options.items())


def _against(found: AgainstFloor | None) -> str:
    return f"{'>' if found.above else '≤'} {found.floor.replace('_', ' ')}" if found else "-"


def _floor_rows(floors: Mapping[str, FloorMeasures], path: Path) -> list[Row]:
    return [
        Row(
            floor_name(name),
            *("",) * 4,
            without_flags(name, _measures(own)),
            {"lifted_auprc": own.interval},
            str(path),
        )
        for name, own in floors.items()
    ]
