"""``benchmark-n realism``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark_n.cli.common import (
    emit,
    output_options,
    progress_bar,
    reading_options,
    set_logging,
    warn,
)
from benchmark_n.cli.tables import table

if TYPE_CHECKING:
    from benchmark_n.experiments.realism import Half, Realism

_FILE = click.Path(path_type=Path)
_TELLING = 3


@click.command("realism")
@click.argument("subject")
@click.option(
    "--against", type=(_FILE, _FILE), required=True, help="COCO files of two people: A.json B.json."
)
@click.option(
    "--half",
    type=click.Choice(["held-out", "fitting", "all"]),
    default="held-out",
    show_default=True,
    help="Of the images: calibrate sees the fitting half alone.",
)
@click.option("--tiers", default="easy,mid,hard", show_default=True, help="To compare with.")
@click.option("--seed", default=1, show_default=True, help="Of the noise.")
@click.option("--out", type=_FILE, help="Directory for realism.json and a page of outlines.")
@reading_options
@output_options
def command(
    subject: str,
    against: tuple[Path, Path],
    half: Half,
    tiers: str,
    seed: int,
    out: Path | None,
    quiet: bool,
    verbose: int,
    as_json: bool,
    **reading: bool,
) -> None:
    """Test whether SUBJECT's masks can be told from those of a second person.

    SUBJECT is a recipe's name or file, or a benchmark made from A.json.

    Example: benchmark-n realism human-lvis-crowd --against A.json B.json
    """
    set_logging(quiet, verbose)
    from benchmark_n.coco import ReadOptions
    from benchmark_n.experiments.realism import realism

    with progress_bar("drawings", quiet) as progress:
        result = realism(
            subject,
            *against,
            half=half,
            seed=seed,
            tiers=[tier for tier in tiers.split(",") if tier],
            reading=ReadOptions(**reading),
            progress=progress,
        )
    if any(row.pair is None for row in result.rows):
        warn(["too few images or objects for a two-sample test: its figures are left out"], quiet)
    if out is not None:
        write(result, subject, out)
    emit(realism_text(result), result.to_dict(), as_json)


def realism_text(result: Realism) -> str:
    """A row for the control, the subject and each tier."""
    rows: list[list[object]] = []
    for row in result.rows:
        cells: list[object] = [row.name, row.pair.items[1] if row.pair else 0]
        for test in (row.pair, row.mask):
            cells += [None, None] if test is None else [f"{test.auroc:.3f}", _range(test.interval)]
        told = list(row.pair.features)[:_TELLING] if row.pair else []
        rows.append([*cells, ", ".join(told)])
    headers = ["drawn by", "objects", "pair", "95 %", "mask alone", "95 %", "given away by"]
    note = f"AUROC, .5 cannot be told apart; {result.objects} objects of the {result.half} images"
    return f"{table(headers, rows)}\n\n{note}; protocol {result.protocol['digest']}"


def _range(interval: tuple[float, float] | None) -> str:
    return "-" if interval is None else f"{interval[0]:.2f}-{interval[1]:.2f}"


def write(result: Realism, subject: str, folder: Path) -> None:
    """``realism.json`` and ``realism.html``."""
    from benchmark_n.files.atomic import write_whole
    from benchmark_n.report.realism import realism_page

    folder.mkdir(parents=True, exist_ok=True)
    plain = result.to_dict()
    write_whole(folder / "realism.json", (json.dumps(plain, indent=2) + "\n").encode())
    page = realism_page(f"Realism of {Path(subject).name}", plain, result.pictures)
    write_whole(folder / "realism.html", page.encode())
