"""``benchmark-n detect``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from benchmark_n.cli.common import crowds_option, output_options, pixels_option, set_logging
from benchmark_n.cli.detector_options import DETECTOR_OPTIONS, detector_options

_FILE = click.Path(path_type=Path)


@click.command("detect")
@click.option("--annotations", type=_FILE, required=True, help="A COCO file.")
@detector_options
@crowds_option
@click.option("--out", type=_FILE, help="Directory of the results [default: results/NAME].")
@pixels_option
@output_options
def command(
    annotations: Path,
    out: Path | None,
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

    asked = {name: options[name] for name in DETECTOR_OPTIONS}
    asked["crowds_as_instances"] = crowds_as_instances
    asked["detector"] = asked["detector"] or "cleanlab"
    run_on_file(annotations, out, asked, quiet=quiet, as_json=as_json)
