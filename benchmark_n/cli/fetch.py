"""``benchmark-n fetch``."""

from __future__ import annotations

from pathlib import Path

import click

from benchmark_n.cli.common import emit, output_options, progress_bar, set_logging


@click.command("fetch")
@click.argument("dataset")
@click.option("--split", help="One split [default: training and validation].")
@click.option(
    "--root",
    type=click.Path(path_type=Path),
    help="The dataset's folder [default: $BENCHMARK_N_DATA/DATASET, else data/DATASET].",
)
@output_options
def command(
    dataset: str, split: str | None, root: Path | None, quiet: bool, verbose: int, as_json: bool
) -> None:
    """Download the annotations of DATASET, or print the steps where it wants a login."""
    set_logging(quiet, verbose)
    from benchmark_n.datasets.base import DATASETS
    from benchmark_n.datasets.fetch import fetch

    known = DATASETS.load(dataset)
    with progress_bar("bytes", quiet or not known.archives) as progress:
        done = fetch(known, split, root, progress)
    lines = [
        *(f"{path}" for path in done.files),
        *(f"{url}: no published checksum, sha256 {value}" for url, value in done.digests.items()),
        *(f"{place}. {step}" for place, step in enumerate(done.steps, start=1)),
    ]
    data = {
        "files": [str(path) for path in done.files],
        "digests": done.digests,
        "steps": list(done.steps),
    }
    emit("\n".join(lines), data, as_json)
