"""``benchmark-n correct``."""

from __future__ import annotations

from pathlib import Path

import click

from benchmark_n.cli.common import emit, output_options, set_logging
from benchmark_n.cli.tables import percent, table
from benchmark_n.errors import UsageError

_FILE = click.Path(path_type=Path)


@click.command("correct")
@click.argument("benchmark", type=_FILE)
@click.option("--scores", type=_FILE, required=True, help="scores.parquet of a detector.")
@click.option(
    "--top", default="5,10,20%", show_default=True, help="Shares of the annotations to review."
)
@click.option("--out", type=_FILE, help="Directory of the corrected files [default: none written].")
@output_options
def command(
    benchmark: Path,
    scores: Path,
    top: str,
    out: Path | None,
    quiet: bool,
    verbose: int,
    as_json: bool,
) -> None:
    """Restore the clean labels of the most suspect annotations, and count what that mends.

    Example: benchmark-n correct benchmarks/coco-n-hard-seed1 --scores scores.parquet
    """
    set_logging(quiet, verbose)
    from benchmark_n.detection.correct import correct

    reviews = correct(benchmark, scores, parse_shares(top), out=out)
    headers = ["reviewed", "annotations", "errors found", "noise gone %", "by chance %", "gain"]
    rows = [
        [
            f"{percent(review.share):g} %",
            review.reviewed,
            review.mended,
            percent(review.noise_gone),
            percent(review.share),
            review.gain,
        ]
        for review in reviews
    ]
    emit(table(headers, rows), {"reviews": [review.to_dict() for review in reviews]}, as_json)


def parse_shares(text: str) -> list[float]:
    """``"5,10,20%"`` as fractions."""
    shares = []
    for part in text.replace("%", "").split(","):
        try:
            value = float(part) / 100
        except ValueError:
            raise UsageError(f"--top {text}: '{part}' is no percentage") from None
        if not 0 < value <= 1:
            raise UsageError(f"--top {text}: {part} %, expected more than 0 and at most 100")
        shares.append(value)
    return shares
