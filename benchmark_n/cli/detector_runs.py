"""What `eval --detector` and `detect` do once their options are read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchmark_n.cli.common import emit, progress_bar
from benchmark_n.cli.make import parse_settings
from benchmark_n.cli.tables import percent, table

if TYPE_CHECKING:
    from benchmark_n.benchmark import Benchmark
    from benchmark_n.detectors.detected import Detected

_MEASURES = ("precision", "recall", "f1", "best_f1", "auprc", "auroc")


def run_on_benchmark(
    benchmark: Path | None, out: Path | None, asked: dict[str, Any], *, quiet: bool, as_json: bool
) -> None:
    """Detectors on a benchmark, scored against its manifest."""
    from benchmark_n.benchmark import load, newest_benchmark
    from benchmark_n.detection import evaluate_detectors

    opened = load(newest_benchmark() if benchmark is None else benchmark)
    top, keywords = _keywords(asked)
    with progress_bar("crops", quiet) as progress:
        found = evaluate_detectors(opened, progress=progress, **keywords)
    root = out or Path("results") / opened.path.resolve().name
    _finish(found, root, opened, top, quiet=quiet, as_json=as_json)


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
    quiet: bool,
    as_json: bool,
) -> None:
    from benchmark_n.detection_files import REPORT, write_detected

    for one in found:
        write_detected(one, root / one.detector, benchmark=benchmark, top=top)
    if not quiet:
        for line in dict.fromkeys(line for one in found for line in one.warnings):
            click.echo(f"warning: {line}", err=True)
    text = _scores_text(found) if benchmark is not None else _flags_text(found)
    pages = "\n".join(str(root / one.detector / REPORT) for one in found)
    data: Mapping[str, Any] = {"results": str(root), "detectors": [one.to_dict() for one in found]}
    emit(f"{text}\n\n{pages}", data, as_json)


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
