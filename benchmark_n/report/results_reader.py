"""Results files of `evaluate_detectors`: found, read and told from others."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from benchmark_n.errors import InputError, UsageError
from benchmark_n.files.json_yaml import read_json

RESULTS = "results.json"
# Results under different values of these cannot be compared.
SAME_SETTINGS = ("truth",)
_log = logging.getLogger(__name__)


class BenchmarkRecord(msgspec.Struct):
    """Of which benchmark the results are."""

    directory: str
    benchmark: str
    name: str
    seed: int | None
    recipe_sha256: str
    source_sha256: str
    annotations_sha256: str | None = None


class FileRecord(msgspec.Struct):
    """A file that evidence was made from."""

    file: str
    sha256: str


class EvidenceRecord(msgspec.Struct):
    """One source of evidence."""

    evidence: str = "unknown"
    backbone: str | None = None
    num_folds: int | None = None
    seed: int | None = None
    files: tuple[FileRecord, ...] = ()


class Provenance(msgspec.Struct):
    """What the detector was and what it read."""

    options: dict[str, Any]
    evidence: list[EvidenceRecord]
    trained_on: str
    benchmark: BenchmarkRecord
    leaks: tuple[str, ...] = ()
    told: tuple[str, ...] = ()


Measure = float | int | None


class Measures(msgspec.Struct):
    """Measures of one kind of error that a leaderboard shows, of a detector or of a floor."""

    lifted_auprc: Measure = None
    f1_at_budget: Measure = None
    f1: Measure = None
    chance_f1: Measure = None
    precision: Measure = None
    recall: Measure = None
    best_f1: Measure = None
    auprc: Measure = None
    auroc: Measure = None
    prevalence: Measure = None
    errors: int | None = None
    flagged: int | None = None


class FloorMeasures(Measures):
    """Measures of a floor, and the interval of its lifted AUPRC."""

    interval: tuple[float, float] | None = None


class AgainstFloor(msgspec.Struct):
    """A detector against the best floor."""

    floor: str
    difference: float
    interval: tuple[float, float]
    above: bool


class Kind(Measures):
    """Measures of a detector, their intervals, and its floors."""

    intervals: dict[str, tuple[float, float] | None] | None = None
    floors: dict[str, FloorMeasures] = {}
    against_floor: AgainstFloor | None = None


class Results(msgspec.Struct):
    """Measures of each kind of error, and what counts as one."""

    kinds: dict[str, Kind]
    settings: dict[str, Any]


class ResultsFile(msgspec.Struct):
    """The fields of a results file that a leaderboard needs."""

    detector: str
    provenance: Provenance
    results: Results


class OtherResultsError(InputError):
    """Results, but not of detectors on a benchmark."""


def read_all_results(paths: Iterable[Path | str]) -> dict[Path, ResultsFile]:
    """The files, and all ``results.json`` below the folders, each once, by their paths.

    Results of another kind that are met in folders are left out, and told in one line.

    Raises
    ------
    InputError
        A folder without any, a file that is named and of another kind, or one of another version.
    """
    found: dict[Path, ResultsFile] = {}
    seen: set[Path] = set()
    others: list[str] = []
    for path in map(Path, paths):
        files = sorted(path.rglob(RESULTS)) if path.is_dir() else [path]
        if not files:
            raise InputError(f"{path}: no {RESULTS} in this folder")
        for file in files:
            if file.resolve() in seen:
                continue
            seen.add(file.resolve())
            try:
                found[file] = read_results(file)
            except OtherResultsError as fault:
                if not path.is_dir():
                    raise
                others.append(str(fault))
    if others and not found:
        raise InputError(others[0])
    if others:
        _log.warning("%d other results left out, the first is %s", len(others), others[0])
    if not found:
        raise UsageError(f"give {RESULTS} files, or folders that have some")
    return found


def check_comparable(path: Path, file: ResultsFile, first: Path, reference: ResultsFile) -> None:
    """Refuse a file that cannot share a table with the first one.

    Raises
    ------
    InputError
        They are of different benchmarks, or count different things as errors.
    """
    for name in ("recipe_sha256", "source_sha256", "annotations_sha256"):
        own, other = (getattr(one.provenance.benchmark, name) for one in (file, reference))
        if own != other and None not in (own, other):  # earlier results lack the last
            raise InputError(
                f"{path}: {name} {own:.12} is not that of {first} ({other:.12}): results of "
                "different benchmarks cannot share a table"
            )
    for name in SAME_SETTINGS:
        own, other = (one.results.settings.get(name) for one in (file, reference))
        if own != other:
            raise InputError(f"{path}: {name} is {own}, but {other} in {first}")


def read_results(path: Path) -> ResultsFile:
    """Read a results file.

    Raises
    ------
    InputError
        No such file, or results of another kind.
    """
    document = read_json(path, "results")
    fields = document if isinstance(document, dict) else {}
    if "detector" not in fields:
        kind = f"results of eval, mode {fields['mode']}" if "mode" in fields else "no results"
        raise OtherResultsError(f"{path}: {kind}, expected those of `evaluate_detectors`")
    if fields.get("results") is None:
        raise OtherResultsError(
            f"{path}: results of detect, without truth; expected `evaluate_detectors`"
        )
    try:
        read = msgspec.convert(document, ResultsFile)
        if "truth" not in read.results.settings:
            raise msgspec.ValidationError("Object missing required field `truth` - at `$.settings`")
    except msgspec.ValidationError as error:
        raise InputError(
            f"{path}: {error}: not made by this version's `evaluate_detectors`, run it again"
        ) from None
    return read
