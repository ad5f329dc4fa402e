"""The baseline grid: every detector and every floor on one set and tier, under its noise seeds.

A *piece* is one set and tier. Evidence is kept: detectors that read the same share it, and a run
that was stopped finds it again. A detector that cannot run is told with the reason.
`benchmark_n.experiments.baseline_page` makes tables of pieces.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmark_n._version import __version__
from benchmark_n.benchmark import Benchmark
from benchmark_n.detection.score import evaluate_detectors
from benchmark_n.detectors.base import DETECTORS
from benchmark_n.errors import BenchmarkNError
from benchmark_n.evaluation.floors import score_floors
from benchmark_n.evaluators.label_errors.blind import blind_scores
from benchmark_n.evaluators.label_errors.floors import HEADLINE
from benchmark_n.evaluators.label_errors.options import LabelErrorOptions
from benchmark_n.evaluators.label_errors.over_seeds import OverSeeds, difference, over_seeds
from benchmark_n.evaluators.label_errors.results import LabelErrorResult
from benchmark_n.evidence.options import EvidenceOptions
from benchmark_n.experiments.grid_pieces import Row, corrected
from benchmark_n.files.provenance import file_digest
from benchmark_n.report.pages import floor_name
from benchmark_n.runtime.execution import Execution

KINDS = ("class", "spatial", "spurious", "missing", "any")
# Of drawn sets, about as many as the samples have: all of it has to fit into a few hours.
DRAWN_IMAGES = 100
SCORING = LabelErrorOptions(by=(), bootstrap=200, units_in_order=True)
# Number of the drawing (noise seed, or annotator of a real pair) and folder to a benchmark.
Drawing = Callable[[int, Path], Benchmark]
Tell = Callable[[str], None]


def default_evidence(_: Benchmark) -> EvidenceOptions:
    """What detectors read by default."""
    return EvidenceOptions()


@dataclass(frozen=True)
class GridRun:
    """What is run on each benchmark.

    Parameters
    ----------
    detectors
        Names; by default every one there is.
    evidence
        What there is of a benchmark; its ``evidence_dir`` is where a run that was stopped finds
        what it had made.
    clean_subset
        Share of the annotations that is lent to detectors as known to be right; None: none.
    """

    detectors: Sequence[str] = field(default_factory=DETECTORS.names)
    evidence: Callable[[Benchmark], EvidenceOptions] = default_evidence
    clean_subset: float | None = None
    scoring: LabelErrorOptions = SCORING
    execution: Execution = Execution(workers=1)


def headline(kind: str) -> str:
    """What detectors are ranked by: of missing instances there are no right ones to lift over."""
    return "auprc" if kind == "missing" else HEADLINE


def measure_piece(
    make: Drawing, drawings: Sequence[int], run: GridRun = GridRun(), tell: Tell = lambda _: None
) -> Row:
    """Detectors and floors on the benchmarks of one piece.

    Parameters
    ----------
    make
        Makes the benchmark of a drawing into a folder that is removed again.
    drawings
        Noise seeds, or numbers of a real pair's annotators.
    tell
        Is told what was done.

    Returns
    -------
    dict
        ``drawings``; ``version``; ``annotations``, the SHA-256 of each noisy file; ``cpu_seconds``;
        ``detectors``, those that ran; ``not_run``, the others and their reasons; and ``rows``, one
        for each detector or floor and kind of error that it has a figure of under every drawing:
        ``kind``, ``name``, ``floor`` (bool), ``told``, ``measure`` (`headline`), ``errors`` (mean
        number), ``values`` (of each drawing), ``mean``, ``interval`` (95 %, over units); of
        detectors where there are floors ``against`` (the best floor), ``lead`` over it,
        ``lead_interval`` (paired), ``p_alone``, and ``p`` after Holm over the detectors of this
        piece and kind.

    Raises
    ------
    BenchmarkNError
        A benchmark that cannot be made.
    """
    started = time.process_time()
    made = _Found({}, {}, {}, {})
    digests = []
    for drawing in drawings:
        with tempfile.TemporaryDirectory(prefix="benchmark-n-grid-") as folder:
            benchmark = make(drawing, Path(folder) / "benchmark")
            digests.append(file_digest(benchmark.annotations))
            _add_drawing(made, benchmark, run, f"drawing {drawing}: ", tell)
        tell(f"drawing {drawing}: {len(made.detectors)} detectors ran, {len(made.not_run)} did not")
    return {
        "drawings": list(drawings),
        "version": __version__,
        "annotations": digests,
        "cpu_seconds": round(time.process_time() - started, 1),
        "detectors": list(made.detectors),
        "rows": corrected([row for kind in KINDS for row in _rows(made, kind)]),
        "not_run": made.not_run,
    }


@dataclass(frozen=True)
class _Found:
    """Name to results of each drawing, to what was told, and to why it did not run."""

    detectors: dict[str, list[LabelErrorResult]]
    floors: dict[str, list[LabelErrorResult]]
    told: dict[str, str]
    not_run: dict[str, str]


def _add_drawing(made: _Found, benchmark: Benchmark, run: GridRun, where: str, tell: Tell) -> None:
    """Run on one benchmark what ran on those before."""
    for name in run.detectors:
        if name not in made.not_run:
            _add(made, name, benchmark, run, where, tell)
    blind = blind_scores(benchmark.noisy(), benchmark.recipe)
    for name, result in score_floors(benchmark, run.scoring, blind).items():
        made.floors.setdefault(floor_name(name), []).append(result)


def _add(
    made: _Found, name: str, benchmark: Benchmark, run: GridRun, where: str, tell: Tell
) -> None:
    """Run one detector; one that ran under some drawings alone is taken out."""
    started = time.process_time()
    try:
        (one,) = evaluate_detectors(
            benchmark,
            name,
            evidence=run.evidence(benchmark),
            scoring=run.scoring,
            execution=run.execution,
            clean_subset=run.clean_subset,
        )
    except BenchmarkNError as fault:
        reason = str(fault).replace(f"{benchmark.path.parent}/", "")
        made.not_run[name] = where + reason if made.detectors.pop(name, None) else reason
        return
    assert one.result is not None
    made.detectors.setdefault(name, []).append(one.result)
    made.told[name] = ", ".join(one.provenance["told"])
    tell(f"{name}: {time.process_time() - started:.1f} CPU s")


def _rows(made: _Found, kind: str) -> list[Row]:
    """The rows of one kind of error."""
    own, beside = _means(made.detectors, kind), _means(made.floors, kind)
    best = max(beside, key=lambda name: beside[name].mean, default=None)
    leads = {} if best is None else {n: difference(one, beside[best]) for n, one in own.items()}
    rows = []
    for name, one in {**own, **beside}.items():
        results = (made.detectors if name in own else made.floors)[name]
        values = [result.kinds[kind].measures for result in results]
        row: Row = {
            "kind": kind,
            "name": name,
            "floor": name in beside,
            "told": made.told.get(name, ""),
            "measure": headline(kind),
            "errors": sum(int(each["errors"] or 0) for each in values) / len(values),
            "values": [round(float(each[headline(kind)] or 0), 6) for each in values],
            "mean": round(one.mean, 6),
            "interval": _rounded(one.interval),
        }
        if name in leads:
            lead, spread, p = leads[name]
            row |= {"against": best, "lead": round(lead, 6), "lead_interval": _rounded(spread)}
            row["p_alone"] = round(p, 6)
        rows.append(row)
    return rows


def _means(results: Mapping[str, Sequence[LabelErrorResult]], kind: str) -> dict[str, OverSeeds]:
    """Name to the headline over drawings, of those that have it under every one."""
    made = {}
    for name, each in results.items():
        kinds = [result.kinds.get(kind) for result in each]
        known = [one for one in kinds if one is not None and one.measures["errors"]]
        values = [one.measures.get(headline(kind)) for one in known]
        if len(known) == len(each) and None not in values:
            replicates = [one.replicates[headline(kind)] for one in known]
            made[name] = over_seeds([float(value or 0) for value in values], replicates)
    return made


def _rounded(spread: tuple[float, float] | None) -> list[float] | None:
    return None if spread is None else [round(end, 6) for end in spread]
