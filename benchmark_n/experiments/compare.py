"""`compare`: detectors and floors side by side on benchmarks, over noise seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmark_n._version import __version__
from benchmark_n.benchmark import Benchmark, layout, load
from benchmark_n.detection.result import DetectionResult
from benchmark_n.detection.score import SCORING, evaluate_detectors
from benchmark_n.detectors.base import detector_names
from benchmark_n.errors import InputError, UsageError, did_you_mean
from benchmark_n.evaluation.floors import score_floors
from benchmark_n.evaluators.label_errors.blind import blind_scores
from benchmark_n.evaluators.label_errors.options import LabelErrorOptions
from benchmark_n.evaluators.label_errors.results import LabelErrorResult
from benchmark_n.evidence.options import EvidenceOptions
from benchmark_n.experiments.variants import variant
from benchmark_n.files.provenance import file_digest
from benchmark_n.report.result_table import ResultTables
from benchmark_n.report.seed_comparison import Entry, comparison_tables, floor_entries
from benchmark_n.runtime.execution import Execution

_DIGEST = 12


@dataclass(frozen=True)
class Compared:
    """Detectors on one benchmark under each noise seed.

    Parameters
    ----------
    name
        Of the benchmark and its recipe.
    detectors, floors
        Name to the results of each seed.
    provenance
        A line for each seed: SHA-256 of the annotations, the recipe and the source.
    """

    name: str
    seeds: tuple[int | None, ...]
    detectors: Mapping[str, Entry]
    floors: Mapping[str, Entry]
    provenance: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, without the replicates."""
        plain = {
            part: {
                name: [one.to_dict() for one in entry.results] for name, entry in entries.items()
            }
            for part, entries in (("detectors", self.detectors), ("floors", self.floors))
        }
        head = {"name": self.name, "seeds": list(self.seeds)}
        return {**head, **plain, "provenance": self.provenance}


def compare(
    benchmarks: Sequence[Benchmark | Path | str],
    detectors: str | Sequence[str] = "cleanlab",
    seeds: Sequence[int] = (),
    *,
    evidence: EvidenceOptions = EvidenceOptions(),
    options: Mapping[str, Any] | None = None,
    scoring: LabelErrorOptions = SCORING,
    against: str | None = None,
    source: Path | None = None,
    execution: Execution = Execution(),
) -> list[Compared]:
    """Run detectors on benchmarks under several noise seeds, with the floors beside them.

    Parameters
    ----------
    benchmarks
        Directories. A benchmark of another seed is taken from the same folder, else made for the
        time being.
    seeds
        Noise seeds; by default each benchmark's own.
    evidence, options, scoring, execution
        As for `evaluate_detectors`.
    against
        The detector that leads will be over (`compare_tables`): one of those asked for.
    source
        The clean annotation file, where the benchmark is of no dataset's own.

    Raises
    ------
    UsageError, InputError
        No benchmark, a seed twice, `against` is none, or as `evaluate_detectors` and `make`.

    Examples
    --------
    >>> from benchmark_n import SourceOptions, make
    >>> benchmark = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard")
    >>> (found,) = compare([benchmark], "random", seeds=[1, 2])  # the second is made on the way
    >>> [result.kinds["any"].measures["errors"] for result in found.detectors["random"].results]
    [22, 20]
    """
    _check(benchmarks, seeds, against, detectors)
    asked = replace(scoring, units_in_order=True, by=())
    run = _Run(detectors, evidence, options, asked, execution)
    found = []
    for each in benchmarks:
        opened = load(each) if isinstance(each, Path | str) else each
        found.append(_compared(opened, tuple(seeds) or (opened.recipe.get("seed"),), run, source))
    return found


def _check(
    benchmarks: Sequence[Benchmark | Path | str],
    seeds: Sequence[int],
    against: str | None,
    detectors: str | Sequence[str],
) -> None:
    if not benchmarks:
        raise UsageError("name a benchmark to compare on")
    if len(set(seeds)) < len(seeds):
        raise UsageError(f"`seeds` has one twice: {', '.join(map(str, seeds))}")
    if against is not None and against not in (names := detector_names(detectors)):
        raise InputError(f"`against` is '{against}': {did_you_mean(against, names)}")


@dataclass(frozen=True)
class _Run:
    """What is run on each benchmark."""

    detectors: str | Sequence[str]
    evidence: EvidenceOptions
    options: Mapping[str, Any] | None
    scoring: LabelErrorOptions
    execution: Execution


def _compared(
    opened: Benchmark, seeds: tuple[int | None, ...], run: _Run, source: Path | None
) -> Compared:
    results: dict[str, list[LabelErrorResult]] = {}
    floors: list[dict[str, LabelErrorResult]] = []
    told: dict[str, str] = {}
    lines = []
    for seed in seeds:
        with variant(opened, seed=seed, source=source) as benchmark:
            for one in _detected(benchmark, opened, run):
                told[one.detector] = ", ".join(one.provenance["told"])
                if one.result is not None:
                    results.setdefault(one.detector, []).append(one.result)
            own = replace(run.scoring, group_by=run.scoring.group_by or run.evidence.group_by)
            blind = blind_scores(benchmark.noisy(), benchmark.recipe)
            floors.append(score_floors(benchmark, own, blind))
            lines.append(_line(benchmark))
    wrong = next((name for name, own in results.items() if len(own) < len(seeds)), None)
    if wrong is not None:
        raise InputError(f"{wrong}: ran under {len(results[wrong])} of {len(seeds)} noise seeds")
    return Compared(
        f"{opened.recipe['benchmark']} {opened.recipe['name']}",
        seeds,
        {name: Entry(own, told[name]) for name, own in results.items()},
        floor_entries(floors),
        tuple(lines),
    )


def _detected(benchmark: Benchmark, opened: Benchmark, run: _Run) -> list[DetectionResult]:
    return evaluate_detectors(
        benchmark,
        run.detectors,
        images=benchmark.images or opened.images,
        evidence=run.evidence,
        options=run.options,
        scoring=run.scoring,
        execution=run.execution,
    )


def _line(benchmark: Benchmark) -> str:
    recipe = benchmark.recipe
    digests = {
        "annotations": file_digest(benchmark.annotations),
        "recipe": file_digest(benchmark.path / layout.RECIPE),
        "source": recipe["source"]["sha256"],
    }
    told = ", ".join(f"{name} {digest:.{_DIGEST}}" for name, digest in digests.items())
    seed = f"seed {recipe['seed']}" if "seed" in recipe else "sealed"
    return f"{recipe['benchmark']} {recipe['name']}, {seed}: SHA-256 of {told}"


def compare_tables(
    found: Sequence[Compared], *, against: str | None = None, correcting: bool = False
) -> ResultTables:
    """A table for each benchmark and kind of error.

    Parameters
    ----------
    against
        The detector that leads are over; by default the best floor of each table.
    correcting
        Errors found in a share of the annotations, all kinds together, in place of AUPRC and the
        like of each kind.

    Raises
    ------
    InputError
        `against` did not run, or results that cannot be paired.
    """
    tables = [
        table
        for one in found
        for table in comparison_tables(
            one.name, one.detectors, one.floors, correcting=correcting, against=against
        )
    ]
    provenance = [f"Benchmark-N {__version__}", *(line for one in found for line in one.provenance)]
    return ResultTables(tables, provenance)
