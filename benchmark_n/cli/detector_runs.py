"""What `eval --detector` and `detect` do once their options are read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark_n.cli.common import emit, newest_or, progress_bar, tell, warn
from benchmark_n.cli.decide_page import decide_page, decide_text
from benchmark_n.cli.detection_text import (
    flags_text,
    groups_text,
    matched_lines,
    scores_text,
    slice_texts,
)
from benchmark_n.cli.make import parse_settings
from benchmark_n.cli.tables import percent, table
from benchmark_n.errors import UsageError
from benchmark_n.evidence.options import EvidenceOptions
from benchmark_n.runtime.execution import Execution

if TYPE_CHECKING:
    from benchmark_n.benchmark import Benchmark
    from benchmark_n.coco import ReadOptions
    from benchmark_n.detection.result import DetectionResult
    from benchmark_n.evaluators.label_errors.options import LabelErrorOptions

# Fields of EvidenceOptions that are named as their flags.
_SAME_NAME = (
    *("backbone", "folds", "group_by", "device", "trained_on", "match", "weights", "in_sample"),
    *("out_of_domain", "fit", "full", "cam_target", "cam_layer", "noise_rate", "category_map"),
    "evidence_dir",
)


def run_on_benchmark(
    benchmark: Path | None,
    out: Path | None,
    asked: dict[str, Any],
    *,
    ablation: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Detectors on a benchmark, scored against its manifest."""
    from benchmark_n.detection.score import evaluate_detectors

    opened = newest_or(benchmark, quiet)
    if ablation:
        _five_models(asked)
    evidence, settings = evidence_of(asked), parse_settings(asked["settings"])
    with progress_bar("crops", quiet) as progress:
        results = evaluate_detectors(
            opened,
            asked["detector"],
            images=asked["images"],
            evidence=evidence,
            options=settings,
            scoring=_scoring(asked),
            execution=Execution(asked["workers"], progress=progress),
            clean_subset=asked["clean_subset"],
        )
    root = out or Path("results") / opened.path.resolve().name
    _finish(results, root, opened, asked["top"], ablation=ablation, quiet=quiet, as_json=as_json)


def _scoring(asked: dict[str, Any]) -> LabelErrorOptions:
    """The truth, the slices and the bootstrap that were asked for."""
    from benchmark_n.detection.score import SCORING

    chosen = {"truth": asked["truth"], "slices": asked["by"], "seed": asked["seed"]}
    if asked["bootstrap"] is not None:
        chosen["bootstrap"] = asked["bootstrap"]
    return replace(SCORING, **chosen)


def _five_models(asked: dict[str, Any]) -> None:
    """An ablation is of mirror; where nothing else is asked for, of five models."""
    from benchmark_n.experiments.mirror_ablation import MODELS

    names = [name.strip() for name in asked["detector"].split(",")]
    if "mirror" not in names:
        raise UsageError("--ablation is for --detector mirror")
    if not asked["evidence"]:
        asked["evidence"] = (f"saliency:{MODELS}",)


def run_on_file(
    annotations: Path,
    out: Path | None,
    asked: dict[str, Any],
    reading: ReadOptions,
    *,
    quiet: bool,
    as_json: bool,
) -> None:
    """Detectors on an annotation file without truth."""
    from benchmark_n.detection.detect import detect

    evidence, settings = evidence_of(asked), parse_settings(asked["settings"])
    with progress_bar("crops", quiet) as progress:
        results = detect(
            annotations,
            asked["images"],
            asked["detector"],
            evidence=evidence,
            options=settings,
            execution=Execution(asked["workers"], progress=progress),
            reading=reading,
        )
    if asked.get("since") is not None:
        from benchmark_n.review import since

        results = since(results, asked["since"], guideline=asked["guideline"])
    root = out or Path("results") / annotations.stem
    reviewed = {
        "annotations": annotations,
        "images": asked["images"],
        "guideline": asked["guideline"],
    }
    _finish(results, root, None, asked["top"], reviewed=reviewed, quiet=quiet, as_json=as_json)


def evidence_of(asked: dict[str, Any]) -> EvidenceOptions:
    given = {name: asked[name] for name in _SAME_NAME if name in asked}
    return EvidenceOptions(asked["evidence"], seed=asked["evidence_seed"], **given)


def _finish(
    results: list[DetectionResult],
    root: Path,
    benchmark: Benchmark | None,
    top: int,
    *,
    ablation: bool = False,
    reviewed: dict[str, Any] | None = None,
    quiet: bool,
    as_json: bool,
) -> None:
    from benchmark_n.report.results_writer import ABLATION, REPORT, SCORES, write_detected

    made = _ablation(results, benchmark) if ablation and benchmark is not None else None
    for one in results:
        more = {ABLATION: made} if made is not None and one.detector == "mirror" else {}
        write_detected(one, root / one.detector, benchmark=benchmark, top=top, more=more)
    tell(matched_lines(results), quiet)
    warn((line for one in results for line in one.warnings), quiet)
    text = scores_text(results) if benchmark is not None else flags_text(results)
    text = "\n\n".join([text, *slice_texts(results), groups_text(results)])
    pages = "\n".join(str(root / one.detector / REPORT) for one in results)
    data: dict[str, Any] = {"results": str(root), "detectors": [one.to_dict() for one in results]}
    if benchmark is not None and len(results) > 1:
        data["leaderboard"] = _side_by_side(results, root)
        pages += f"\n{data['leaderboard']}"
    if reviewed is not None:
        scores = [root / one.detector / SCORES for one in results]
        page = decide_page(root, scores, top=top, quiet=quiet, **reviewed)
        data["decide"] = None if page is None else str(page)
        pages += decide_text(page)
    if made is not None:
        data["ablation"] = made
        text += f"\n\n{_ablation_text(made)}"
    emit(f"{text}\n\n{pages}", data, as_json)


def _side_by_side(results: list[DetectionResult], root: Path) -> str:
    """One page of all that were run, with the floors; where it lies."""
    from benchmark_n.files.atomic import write_whole
    from benchmark_n.report.leaderboard import read_leaderboard
    from benchmark_n.report.leaderboard_text import to_html

    page = root / "leaderboard.html"
    board = read_leaderboard([root / one.detector for one in results])
    write_whole(page, to_html(board).encode())
    return str(page)


def _ablation(results: list[DetectionResult], benchmark: Benchmark) -> dict[str, Any]:
    from benchmark_n.experiments.mirror_ablation import mirror_ablation

    one = next(one for one in results if one.detector == "mirror")
    return mirror_ablation(one.evidence, benchmark)


def _ablation_text(ablation: dict[str, Any]) -> str:
    from benchmark_n.experiments.mirror_ablation import RANKS, RATES

    names = (*RATES, *RANKS)
    rows = [
        [row["models"], row["subsets"], row["part"], *(percent(row[name]) for name in names)]
        for row in ablation["models"]
    ]
    rows += [
        ["-", "-", f"floor: {row['floor'].replace('_', ' ')}", *(percent(row[n]) for n in names)]
        for row in ablation["floors"]
    ]
    headers = ["models", "subsets", "part", *(name.replace("_", " ") for name in names)]
    return table(headers, rows)
