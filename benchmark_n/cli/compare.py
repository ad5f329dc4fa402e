"""``benchmark-n compare``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from benchmark_n.cli.common import (
    emit,
    format_option,
    output_options,
    pixels_option,
    progress_bar,
    set_logging,
)
from benchmark_n.cli.detector_options import RUN_OPTIONS, run_options
from benchmark_n.errors import UsageError

_FILE = click.Path(path_type=Path)


@click.command("compare")
@click.argument("benchmarks", nargs=-1, required=True, type=_FILE, metavar="BENCHMARK...")
@click.option("--seeds", metavar="1-5", help="Noise seeds: 1-5, or 1,2,7 [default: as they are].")
@run_options
@click.option("--against", metavar="NAME", help="Leads are over it [default: the best floor].")
@click.option(
    "--correcting", is_flag=True, help="Errors found in 5, 10 and 20 % of the annotations."
)
@click.option("--ground-truth", type=_FILE, help="The clean file, to make further seeds of.")
@click.option("--bootstrap", default=1000, show_default=True, metavar="N", help="Replicates.")
@click.option("--seed", default=0, show_default=True, help="Of the intervals.")
@format_option("text")
@pixels_option
@output_options
def command(
    benchmarks: tuple[Path, ...],
    seeds: str | None,
    against: str | None,
    correcting: bool,
    ground_truth: Path | None,
    form: str,
    quiet: bool,
    verbose: int,
    as_json: bool,
    **options: Any,
) -> None:
    """Detectors and floors on BENCHMARKs, over noise seeds: means, intervals, leads, p by Holm.

    A benchmark of another seed is taken from the same folder, or made for the time being.

    Example: benchmark-n compare benchmarks/scenes-n-hard-seed1 --seeds 1-5 --detector knn,cleanlab
    """
    set_logging(quiet, verbose)
    from benchmark_n.cli.detector_runs import evidence_of
    from benchmark_n.cli.make import parse_settings
    from benchmark_n.evaluators.label_errors.options import LabelErrorOptions
    from benchmark_n.experiments.compare import compare, compare_tables
    from benchmark_n.report.table_formats import render
    from benchmark_n.runtime.execution import Execution

    asked = {name: options[name] for name in RUN_OPTIONS}
    scoring = LabelErrorOptions(bootstrap=options["bootstrap"], seed=options["seed"])
    with progress_bar("crops", quiet) as progress:
        found = compare(
            benchmarks,
            asked["detector"] or "cleanlab",
            parse_seed_list(seeds),
            evidence=evidence_of(asked),
            options=parse_settings(asked["settings"]),
            scoring=scoring,
            against=against,
            source=ground_truth,
            execution=Execution(asked["workers"], progress=progress),
        )
    tables = compare_tables(found, against=against, correcting=correcting)
    compared = [one.to_dict() for one in found]
    emit(render(tables, form), {"compared": compared, **tables.to_dict()}, as_json)


def parse_seed_list(text: str | None) -> list[int]:
    """``"1-3"`` as seeds 1 to 3, ``"4,7"`` as these.

    >>> parse_seed_list("1-3,7"), parse_seed_list(None)
    ([1, 2, 3, 7], [])
    """
    seeds: list[int] = []
    for part in text.split(",") if text else ():
        first, _, last = part.partition("-")
        try:
            found = range(int(first), int(last or first) + 1)
        except ValueError:
            found = range(0)
        if not found or found[0] < 0:
            raise UsageError(f"--seeds {text}: '{part}', expected such as 1-5 or 1,2,7")
        seeds += found
    return seeds
