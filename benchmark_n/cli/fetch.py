"""``benchmark-n fetch``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from benchmark_n.cli.common import emit, output_options, progress_bar, set_logging
from benchmark_n.errors import UsageError


@click.command("fetch")
@click.argument("dataset")
@click.option("--split", help="One split [default: training and validation].")
@click.option(
    "--root",
    type=click.Path(path_type=Path),
    help="The dataset's folder [default: $BENCHMARK_N_DATA/DATASET, else data/DATASET].",
)
@click.option(
    "--accept-unknown-licence",
    is_flag=True,
    help="Of coco-detectors: also the one whose licence was not found.",
)
@output_options
def command(
    dataset: str,
    split: str | None,
    root: Path | None,
    accept_unknown_licence: bool,
    quiet: bool,
    verbose: int,
    as_json: bool,
) -> None:
    """Download the annotations of DATASET, or print the steps where it wants a login.

    The name coco-detectors brings the weights of small object detectors into the cache.

    Example: benchmark-n fetch coco
    """
    set_logging(quiet, verbose)
    from benchmark_n.evidence.detections.package import NAME

    if dataset == NAME:
        if split is not None or root is not None:
            raise UsageError(f"{NAME} has no splits and lies in the cache: no `split`, no `root`")
        text, data = _fetch_detectors(accept_unknown_licence, quiet)
    elif accept_unknown_licence:
        raise UsageError(f"`accept_unknown_licence=True` is for {NAME} alone")
    else:
        text, data = _fetch_dataset(dataset, split, root, quiet)
    emit(text, data, as_json)


def _fetch_dataset(
    dataset: str, split: str | None, root: Path | None, quiet: bool
) -> tuple[str, dict[str, Any]]:
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
    return "\n".join(lines), data


def _fetch_detectors(accept_unknown_licence: bool, quiet: bool) -> tuple[str, dict[str, Any]]:
    from benchmark_n.evidence.detections.fetch import fetch_detectors

    with progress_bar("detectors", quiet) as progress:
        done = fetch_detectors(accept_unknown_licence=accept_unknown_licence, progress=progress)
    lines = [
        *(f"{path}: sha256 {digest}" for path, digest in done.files.items()),
        *(f"licence of {line}" for line in done.licences),
        *(f"left out: {line}" for line in done.left_out),
    ]
    data = {
        "files": {str(path): digest for path, digest in done.files.items()},
        "licences": list(done.licences),
        "left_out": list(done.left_out),
    }
    return "\n".join(lines), data
