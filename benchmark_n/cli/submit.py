"""``benchmark-n submit``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from benchmark_n.cli.common import emit, output_options, set_logging
from benchmark_n.cli.flags import root_command, with_flags

_FILE = click.Path(path_type=Path)


@click.group("submit", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Results for a leaderboard: submission.yaml beside scores.parquet, or detections.

    Example: benchmark-n submit check my-submission
    """


@command.command("check")
@click.argument("folder", type=_FILE, metavar="DIR")
@click.option(
    "--benchmark",
    "benchmarks",
    multiple=True,
    type=_FILE,
    help="Also whether the results are of it (repeatable).",
)
@output_options
def check(
    folder: Path, benchmarks: tuple[Path, ...], quiet: bool, verbose: int, as_json: bool
) -> None:
    """Say what is wrong with the submission in DIR, a line each; 1 where something is.

    Example: benchmark-n submit check mine --benchmark benchmarks/scenes-n-hard-seed1
    """
    set_logging(quiet, verbose)
    from benchmark_n.report.submission_check import check_submission
    from benchmark_n.report.submission_seeds import missing_seeds

    faults = [with_flags(line, root_command()) for line in check_submission(folder, benchmarks)]
    missing = [] if faults else missing_seeds(folder)
    text = "\n".join(faults) if faults else f"{folder}: nothing is wrong with it"
    if missing:
        listed = ", ".join(map(str, missing))
        text += f"; of noise seeds 1 to 5, which figures are means over, {listed} have no entry"
    data = {"submission": str(folder), "faults": faults, "missing_noise_seeds": missing}
    emit(text, data, as_json)
    if faults:
        raise SystemExit(1)


@command.command("schema")
@output_options
def print_schema(quiet: bool, verbose: int, as_json: bool) -> None:
    """Print the JSON Schema of submission.yaml, which is JSON either way."""
    set_logging(quiet, verbose)
    from benchmark_n.report.submission import schema

    found = schema()
    emit(json.dumps(found, indent=2), found, as_json)
