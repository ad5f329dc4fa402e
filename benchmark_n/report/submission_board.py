"""A board out of submissions: each scored here, by the benchmarks that it is of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from benchmark_n._version import __version__
from benchmark_n.benchmark import Benchmark
from benchmark_n.errors import InputError, UsageError
from benchmark_n.evaluation.floors import score_floors
from benchmark_n.evaluation.label_errors import score_benchmark
from benchmark_n.evaluators.label_errors.blind import blind_scores
from benchmark_n.evaluators.label_errors.options import LabelErrorOptions
from benchmark_n.report.result_table import Column, ResultTable, ResultTables
from benchmark_n.report.seed_comparison import Entry, comparison_tables, floor_entries
from benchmark_n.report.submission import FILE, SCORED, Submission, read_submission
from benchmark_n.report.submission_check import Judge, benchmark_name, judges, submission_faults
from benchmark_n.report.submission_precision import Sent, detected_table, runs_of
from benchmark_n.report.submission_seeds import check_noise_seeds
from benchmark_n.tables.scores import read_scores

_DIGEST = 12


def is_submission(path: Path) -> bool:
    """Whether a directory says that it is one."""
    return (path / FILE).is_file()


def submission_board(
    folders: Iterable[Path | str],
    benchmarks: Sequence[Benchmark | Path | str],
    *,
    bootstrap: int = 1000,
) -> ResultTables:
    """Score submissions of one track against the benchmarks, with the floors beside them.

    Parameters
    ----------
    folders
        Submissions.
    benchmarks
        One benchmark under each noise seed; every submission needs a run of each.
    bootstrap
        Replicates of the intervals.

    Returns
    -------
    ResultTables
        A table for each kind of error, or one of average precisions. Notes list errata, and
        submissions that were withdrawn, which have no row.

    Raises
    ------
    UsageError
        No benchmark, or several that are not one under several seeds (`check_noise_seeds`).
    InputError
        A submission with a fault (`check_submission`), two of one name, or of different tracks.
    """
    known = judges(benchmarks)
    if not known:
        raise UsageError("a board is of one benchmark under several seeds, but none was given")
    sent = _read(folders, known)
    (track,) = dict.fromkeys(one.track for one in sent.values())
    check_noise_seeds(known, track)
    standing = {path: one for path, one in sent.items() if one.withdrawn is None}
    notes = _notes(sent)
    if not standing:
        label = benchmark_name(known[0].benchmark)
        tables = [ResultTable(f"{label}, track {track}", (Column("detector"),), (), notes)]
    elif track in SCORED:
        tables = _scored(standing, known, track, bootstrap)
    else:
        tables = [detected_table(standing, known, track, bootstrap)]
    added = [replace(table, notes=tuple(dict.fromkeys((*table.notes, *notes)))) for table in tables]
    return ResultTables(added, [f"Benchmark-N {__version__}", *map(_provenance, known)])


def _provenance(judge: Judge) -> str:
    recipe = judge.benchmark.recipe
    made = f"seed {recipe['seed']}" if "seed" in recipe else "sealed or real"
    name = benchmark_name(judge.benchmark)
    return f"{name}, {made}: SHA-256 of annotations {judge.sha256:.{_DIGEST}}"


def _read(folders: Iterable[Path | str], known: Sequence[Judge]) -> dict[Path, Submission]:
    sent: dict[Path, Submission] = {}
    methods: dict[str, Path] = {}
    for folder in map(Path, folders):
        found, faults = read_submission(folder)
        if found is not None:
            faults = submission_faults(found, folder, known)
        if found is None or faults:
            more = f" ({len(faults) - 1} more faults)" if len(faults) > 1 else ""
            raise InputError(f"{faults[0]}{more}")
        if found.withdrawn is None:
            if found.method in methods:
                raise InputError(
                    f"{folder}: method '{found.method}' is that of {methods[found.method]}"
                )
            methods[found.method] = folder
        other = next((p for p, one in sent.items() if one.track != found.track), None)
        if other is not None:
            raise InputError(
                f"{folder}: track is {found.track}, but that of {other} is {sent[other].track}"
            )
        sent[folder] = found
    if not sent:
        raise UsageError("give submissions: directories with submission.yaml")
    return sent


def _notes(sent: Sent) -> tuple[str, ...]:
    """What was declared, mended and withdrawn."""
    lines = []
    for one in sent.values():
        if one.withdrawn is not None:
            lines.append(f"Withdrawn on {one.withdrawn.date}: {one.method}: {one.withdrawn.why}.")
            continue
        outside = ", ".join(one.outside_data) or "none"
        lines.append(
            f"{one.method} ({', '.join(one.authors)}, {one.date}): outside data {outside}; "
            f"settings chosen on {one.settings_chosen_on}; {one.hours:g} h on {one.hardware}."
        )
        lines += [f"Erratum of {e.date}: {one.method}: {e.what}." for e in one.errata]
    return tuple(lines)


def _scored(sent: Sent, known: Sequence[Judge], track: str, bootstrap: int) -> list[ResultTable]:
    """One run of each seed is scored: of several trainings the mean of their scores is sent in."""
    options = LabelErrorOptions(by=(), bootstrap=bootstrap, units_in_order=True)
    results: dict[str, Entry] = {}
    blinds = [blind_scores(one.benchmark.noisy(), one.benchmark.recipe) for one in known]
    for path, one in sent.items():
        found = []
        for judge, blind in zip(known, blinds, strict=True):
            runs = runs_of(one, judge, "entry")
            if len(runs) > 1:
                raise InputError(
                    f"{path / FILE}: {len(runs)} runs are of {judge.benchmark.path}, expected "
                    "one: of several trainings send in the mean of their scores"
                )
            table = read_scores(path / runs[0].file)
            found.append(score_benchmark(table, judge.benchmark, options, blind=blind))
        results[one.method] = Entry(found, ", ".join(one.told))
    of_seeds = [
        score_floors(judge.benchmark, options, blind)
        for judge, blind in zip(known, blinds, strict=True)
    ]
    label, correcting = benchmark_name(known[0].benchmark), track == "correct"
    return comparison_tables(label, results, floor_entries(of_seeds), correcting=correcting)
