"""``benchmark-n export``."""

from __future__ import annotations

from pathlib import Path

import click

from benchmark_n.cli import completion
from benchmark_n.cli.common import emit, output_options, progress_bar, set_logging


@click.command("export")
@click.argument("benchmark", type=click.Path(path_type=Path), shell_complete=completion.benchmarks)
@click.option(
    "--labelmaps",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FOLDER",
    help="Write the noisy label maps there, in CAMUS's format.",
)
@click.option("--workers", type=int, help="Processes [default: the cores one may use].")
@output_options
def command(
    benchmark: Path,
    labelmaps: Path,
    workers: int | None,
    quiet: bool,
    verbose: int,
    as_json: bool,
) -> None:
    """Write a benchmark's noisy labels in the dataset's own format (CAMUS and the phantom).

    Example: benchmark-n export benchmarks/camus-n-camus-low-seed1 --labelmaps noisy_gt
    """
    set_logging(quiet, verbose)
    from benchmark_n.benchmark import load
    from benchmark_n.datasets.camus.export import export_labelmaps
    from benchmark_n.runtime.execution import Execution

    with progress_bar("label maps", quiet) as progress:
        count = export_labelmaps(load(benchmark), labelmaps, Execution(workers, progress=progress))
    emit(f"{labelmaps}: {count} label maps", {"folder": str(labelmaps), "maps": count}, as_json)
