"""What `eval --detector` and `detect` do once their options are read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchmark_n.cli.common import emit, progress_bar
from benchmark_n.cli.make import parse_settings
from benchmark_n.cli.tables import percent, table
from benchmark_n.errors import UsageError

if TYPE_CHECKING:
    from benchmark_n.benchmark import Benchmark
    from benchmark_n.detectors.detected import Detected

_MEASURES = ("precision", "recall", "f1", "best_f1", "auprc", "auroc")


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
    from benchmark_n.benchmark import load, newest_benchmark
    from benchmark_n.detection import evaluate_detectors

    opened = load(newest_benchmark() if benchmark is None else benchmark)
    if ablation:
        _five_models(asked)
    top, keywords = _keywords(asked)
    with progress_bar("crops", quiet) as progress:
        found = evaluate_detectors(opened, progress=progress, **keywords)
    root = out or Path("results") / opened.path.resolve().name
    _finish(found, root, opened, top, ablation=ablation, quiet=quiet, as_json=as_json)


def _five_models(asked: dict[str, Any]) -> None:
    """An ablation is of mirror; where nothing else is asked for, of five models."""
    from benchmark_n.mirror_ablation import MODELS

    names = [name.strip() for name in asked["detector"].split(",")]
    if "mirror" not in names:
        raise UsageError("--ablation is for --detector mirror")
    if not asked["evidence"]:
        asked["evidence"] = (f"saliency:{MODELS}",)


def run_on_file(
    annotations: Path, out: Path | None, asked: dict[str, Any], *, quiet: bool, as_json: bool
) -> None:
    """Detectors on an annotation file without truth."""
    from benchmark_n.detection import detect

    top, keywords = _keywords(asked)
    images = keywords.pop("images")
    with progress_bar("crops", quiet) as progress:
        found = detect(annotations, images, progress=progress, **keywords)
    _finish(
        found, out or Path("results") / annotations.stem, None, top, quiet=quiet, as_json=as_json
    )


def _keywords(asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    keywords = dict(asked)
    keywords["detectors"] = keywords.pop("detector")
    keywords["seed"] = keywords.pop("evidence_seed")
    keywords["options"] = parse_settings(keywords.pop("settings"))
    return keywords.pop("top"), keywords


def _finish(
    found: list[Detected],
    root: Path,
    benchmark: Benchmark | None,
    top: int,
    *,
    ablation: bool = False,
    quiet: bool,
    as_json: bool,
) -> None:
    from benchmark_n.detection_files import REPORT, write_detected

    made = _ablation(found, benchmark) if ablation and benchmark is not None else None
    for one in found:
        more = {"ablation.json": made} if made is not None and one.detector == "mirror" else {}
        write_detected(one, root / one.detector, benchmark=benchmark, top=top, more=more)
    if not quiet:
        for line in dict.fromkeys(line for one in found for line in one.warnings):
            click.echo(f"warning: {line}", err=True)
    text = _scores_text(found) if benchmark is not None else _flags_text(found)
    pages = "\n".join(str(root / one.detector / REPORT) for one in found)
    data: dict[str, Any] = {"results": str(root), "detectors": [one.to_dict() for one in found]}
    if made is not None:
        data["ablation"] = made
        text += f"\n\n{_ablation_text(made)}"
    emit(f"{text}\n\n{pages}", data, as_json)


def _ablation(found: list[Detected], benchmark: Benchmark) -> dict[str, Any]:
    from benchmark_n.mirror_ablation import mirror_ablation

    one = next(one for one in found if one.detector == "mirror")
    return mirror_ablation(one.evidence, benchmark)


def _ablation_text(ablation: dict[str, Any]) -> str:
    from benchmark_n.mirror_ablation import RANKS, RATES

    names = (*RATES, *RANKS)
    rows = [
        [row["models"], row["subsets"], row["part"], *(percent(row[name]) for name in names)]
        for row in ablation["models"]
    ]
    headers = ["models", "subsets", "part", *(name.replace("_", " ") for name in names)]
    return table(headers, rows)


def _scores_text(found: list[Detected]) -> str:
    rows: list[list[object]] = []
    for one in found:
        for kind, result in one.result.kinds.items() if one.result else ():
            values = [result.measures.get(name) for name in _MEASURES]
            counts = [result.measures["errors"], result.measures["flagged"]]
            rows.append(
                [
                    one.detector,
                    kind.replace("_", " "),
                    one.provenance["trained_on"],
                    *counts,
                    *(percent(value) for value in values),
                ]
            )
    headers = [
        "%",
        "kind",
        "trained on",
        "errors",
        "flagged",
        "precision",
        "recall",
        "F1",
        "best F1",
        "AUPRC",
        "AUROC",
    ]
    return table(headers, rows)


def _flags_text(found: list[Detected]) -> str:
    from benchmark_n.detectors.detected import flag_counts

    rows = [
        [one.detector, kind, one.provenance["trained_on"], len(one.evidence), count]
        for one in found
        for kind, count in flag_counts(one.scores).items()
    ]
    return table(["detector", "kind", "trained on", "annotations", "flagged"], rows)
