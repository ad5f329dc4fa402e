"""``benchmark-n detect``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from benchmark_n.cli.common import output_options, pixels_option, reading_options, set_logging
from benchmark_n.cli.detector_options import DETECTOR_OPTIONS, detector_options

_FILE = click.Path(path_type=Path)


@click.command("detect")
@click.option(
    "--annotations", type=_FILE, required=True, help="A COCO file, or an export with one."
)
@detector_options
@click.option(
    "--since",
    type=_FILE,
    metavar="REVIEW",
    help="Leave out what this review settled, unless it changed; what is new or changed is first.",
)
@click.option("--guideline", help="The guideline of now: under another one nothing is settled.")
@click.option("--out", type=_FILE, help="Directory of the results [default: results/NAME].")
@reading_options
@pixels_option
@output_options
def command(
    annotations: Path,
    since: Path | None,
    guideline: str | None,
    out: Path | None,
    repair: bool,
    strict: bool,
    crowds_as_instances: bool,
    quiet: bool,
    verbose: int,
    as_json: bool,
    **options: Any,
) -> None:
    """Look for label errors in a real dataset: a list of suspects and a page, no scores.

    Example: benchmark-n detect --annotations my.json --images photos --detector cleanlab
    """
    set_logging(quiet, verbose)
    from benchmark_n.cli.detector_runs import run_on_file
    from benchmark_n.coco import ReadOptions

    asked = {name: options[name] for name in DETECTOR_OPTIONS}
    asked |= {"since": since, "guideline": guideline}
    asked["detector"] = asked["detector"] or "cleanlab"
    reading = ReadOptions(repair, strict, crowds_as_instances)
    run_on_file(annotations, out, asked, reading, quiet=quiet, as_json=as_json)
