"""``benchmark-n show``."""

from __future__ import annotations

from pathlib import Path

import click

from benchmark_n.cli.common import emit, output_options, pixels_option, set_logging


@click.command("show")
@click.argument("benchmarks", nargs=-1, required=True, metavar="BENCHMARK...")
@click.option("--image", "image_id", type=int, help="Image id [default: the most changed one].")
@click.option(
    "--images",
    type=click.Path(path_type=Path),
    help="Folder of the images [default: the one that make recorded here].",
)
@click.option("--out", type=click.Path(path_type=Path), default=Path("show.png"), show_default=True)
@pixels_option
@output_options
def command(
    benchmarks: tuple[str, ...],
    image_id: int | None,
    images: Path | None,
    out: Path,
    quiet: bool,
    verbose: int,
    as_json: bool,
) -> None:
    """Draw an image with clean contours beside those of each BENCHMARK.

    Example: benchmark-n show benchmarks/coco-n-hard-seed1 --out picture.png
    """
    set_logging(quiet, verbose)
    from benchmark_n.benchmark import load
    from benchmark_n.cards.show import show

    chosen = show([load(path) for path in benchmarks], out, image_id=image_id, images=images)
    emit(f"{out}: image {chosen}", {"image": chosen, "file": str(out)}, as_json)
