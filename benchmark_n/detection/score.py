"""Detectors on a benchmark, scored with its manifest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmark_n.benchmark import Benchmark, layout, load
from benchmark_n.benchmark.leaks import leak_lines
from benchmark_n.detection.detect import detect
from benchmark_n.detection.lending import lent_annotations
from benchmark_n.detection.result import DetectionResult, left_out_lines, most_flagged
from benchmark_n.detectors.base import detector_names
from benchmark_n.errors import InputError
from benchmark_n.evaluation.label_errors import score_benchmark
from benchmark_n.evaluators.label_errors.blind import blind_scores
from benchmark_n.evaluators.label_errors.floors import BlindScores
from benchmark_n.evaluators.label_errors.options import LabelErrorOptions
from benchmark_n.evidence.collect import notes
from benchmark_n.evidence.options import EvidenceOptions, evidence_options
from benchmark_n.files.provenance import file_digest
from benchmark_n.runtime.execution import Execution

SCORING = LabelErrorOptions(bootstrap=1000)


def evaluate_detectors(
    benchmark: Benchmark | Path | str,
    detectors: str | Iterable[str] = "cleanlab",
    *,
    images: Path | str | None = None,
    evidence: EvidenceOptions | str | Iterable[str] = EvidenceOptions(),
    options: Mapping[str, Any] | None = None,
    scoring: LabelErrorOptions = SCORING,
    execution: Execution = Execution(),
    clean_subset: float | None = None,
) -> list[DetectionResult]:
    """Run detectors on a benchmark's noisy annotations and score them against its manifest.

    Parameters
    ----------
    images
        By default the folder that `make` recorded.
    evidence, options, execution
        As for `detect`.
    scoring
        What counts as an error, and the bootstrap of the intervals, by default over the folds'
        units.
    clean_subset
        Share of the annotations, 0 to 1, lent to detectors as known to be right; None: none.

    Raises
    ------
    UsageError, InputError
        As for `detect`, a benchmark that gives its errors away, or weights of Quality Sentinel
        that were trained on the benchmark's pictures.

    Examples
    --------
    >>> from benchmark_n import SourceOptions, make
    >>> benchmark = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard")
    >>> (found,) = evaluate_detectors(benchmark, "random")
    >>> [found.result.kinds["any"].measures[name] for name in ("instances", "errors", "flagged")]
    [26, 22, 14]
    """
    opened = load(benchmark) if isinstance(benchmark, Path | str) else benchmark
    _refuse_unfit(opened)
    asked = _with_lent(evidence_options(evidence), opened, clean_subset)
    _refuse_in_sample(opened, detectors, asked)
    folder = images or opened.images
    found = detect(
        opened.noisy(), folder, detectors, evidence=asked, options=options, execution=execution
    )
    blind = blind_scores(opened.noisy(), opened.recipe) if found else None
    scoring = replace(scoring, group_by=scoring.group_by or asked.group_by)
    return [_scored(one, opened, scoring, blind) for one in found]


def _with_lent(
    asked: EvidenceOptions, benchmark: Benchmark, share: float | None
) -> EvidenceOptions:
    """The options with the annotations that the benchmark lends."""
    if share is None:
        return asked
    return replace(asked, clean_subset=lent_annotations(benchmark, share, asked.seed))


def _scored(
    one: DetectionResult,
    benchmark: Benchmark,
    scoring: LabelErrorOptions,
    blind: BlindScores | None,
) -> DetectionResult:
    """What a detector found, with how right it is."""
    recipe = {key: benchmark.recipe.get(key) for key in ("benchmark", "name", "version", "seed")}
    # The leaderboard tells by these that results are of one benchmark.
    recipe["recipe_sha256"] = file_digest(benchmark.path / layout.RECIPE)
    recipe["source_sha256"] = benchmark.recipe["source"]["sha256"]
    # Sealed ones have one recipe, and differ all the same.
    recipe["annotations_sha256"] = one.provenance["annotations"]["sha256"]
    result = score_benchmark(one.scores, benchmark, scoring, blind=blind)
    provenance = {**one.provenance, "benchmark": {"directory": benchmark.path.name, **recipe}}
    # Where the truth is known, the scores say how far the list misleads.
    kept = (
        *notes(one.evidence),
        *most_flagged(one.detector, one.scores),
        *leak_lines(one.provenance["leaks"]),
        *left_out_lines(one.provenance),
        *result.warnings,
    )
    return replace(one, result=result, provenance=provenance, warnings=kept)


def _refuse_unfit(benchmark: Benchmark) -> None:
    if benchmark.recipe.get("detection") is False:
        raise InputError(
            f"{benchmark.path}: its annotations give their errors away (masks or boxes kept as "
            "they came), so it is unfit for label-error detection"
        )


def _refuse_in_sample(
    benchmark: Benchmark, detectors: str | Iterable[str], asked: EvidenceOptions
) -> None:
    """Refuse weights of Quality Sentinel that have seen the benchmark's pictures."""
    named = detectors != "all" and "quality_sentinel" in detector_names(detectors)
    if asked.in_sample or asked.fit == "self" or not (named or "quality" in asked.sources):
        return
    from benchmark_n.detectors.quality_sentinel.weights import refuse_in_sample

    source = benchmark.recipe["source"]
    refuse_in_sample(
        asked.weights_path,
        benchmark.recipe["dataset"],
        source.get("data_seed"),
    )
