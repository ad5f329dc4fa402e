"""``benchmark-n detect``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from benchmark_n.cli import sections
from benchmark_n.cli.common import (
    output_options,
    pixels_option,
    reading_options,
    set_logging,
)
from benchmark_n.cli.detector_options import (
    DETECTOR_OPTIONS,
    detector_options,
)
from benchmark_n.cli.help import SectionedCommand

_FILE = click.Path(path_type=Path)


@click.command("detect", cls=SectionedCommand, sections=sections.DETECT)
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
@click.option(
    "--guideline", help="The guideline of now, as for review: under another one nothing is settled."
)
@click.option("--out", type=_FILE, help="Directory of the results [default: results/NAME].")
@click.option(
    "--self-test",
    is_flag=True,
    help="Plant known errors in the file, and say how many of them the list finds.",
)
@click.option(
    "--recipe",
    metavar="NAME|FILE",
    help="Of --self-test [default: people's outlines, categories and misses, a few of each].",
)
@click.option("--seed", default=0, show_default=True, help="Of --self-test.")
@reading_options
@pixels_option
@output_options
def command(
    annotations: Path,
    since: Path | None,
    guideline: str | None,
    out: Path | None,
    self_test: bool,
    recipe: str | None,
    seed: int,
    repair: bool,
    strict: bool,
    crowds_as_instances: bool,
    quiet: bool,
    verbose: int,
    as_json: bool,
    **options: Any,
) -> None:
    """Look for label errors in a real dataset: a list of suspects and a page, no scores.

    Without --detector all that fits the data runs, and one list ranks errors of all kinds by
    their probability: wrong and ambiguous categories, misplaced, invented and missing annotations.

    Example: benchmark-n detect --annotations my.json --images photos
    """
    set_logging(quiet, verbose)
    from benchmark_n.cli.detector_runs import run_on_file
    from benchmark_n.cli.joint_runs import run_jointly, run_self_test
    from benchmark_n.coco import ReadOptions
    from benchmark_n.errors import UsageError

    asked = {name: options[name] for name in DETECTOR_OPTIONS}
    asked |= {"since": since, "guideline": guideline}
    reading = ReadOptions(repair, strict, crowds_as_instances)
    shown = {"quiet": quiet, "as_json": as_json}
    if recipe is not None and not self_test:
        raise UsageError("`recipe` is of `self_test`")
    if self_test:
        if asked["detector"]:
            raise UsageError("`self_test` is of the list of all kinds: leave `detectors` out")
        run_self_test(annotations, asked, reading, recipe=recipe, seed=seed, **shown)
    elif asked["detector"]:
        run_on_file(annotations, out, asked, reading, **shown)
    else:
        run_jointly(annotations, out, asked, reading, **shown)
