"""``benchmark-n import``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from benchmark_n.cli.common import emit, output_options, reading_options, set_logging

_FILE = click.Path(path_type=Path)


@click.command("import")
@click.option("--clean", type=_FILE, required=True, help="The clean COCO file.")
@click.option("--noisy", type=_FILE, required=True, help="The noisy COCO file.")
@click.option(
    "--out", type=_FILE, default=Path("benchmarks/imported"), show_default=True, help="Directory."
)
@click.option(
    "--match", type=click.Choice(["auto", "id", "iou"]), default="auto", show_default=True
)
@click.option("--least-iou", default=0.5, show_default=True, help="Least IoU of the same instance.")
@click.option("--images", type=_FILE, help="Folder of the images.")
@click.option("--overwrite", is_flag=True, help="Replace an existing benchmark.")
@reading_options
@output_options
def command(
    repair: bool, strict: bool, quiet: bool, verbose: int, as_json: bool, **options: Any
) -> None:
    """Derive a benchmark, manifest and all, from a real pair of annotation files."""
    set_logging(quiet, verbose)
    from benchmark_n.coco import ReadOptions
    from benchmark_n.generation.pair import import_pair

    benchmark = import_pair(**options, reading=ReadOptions(repair, strict))
    summary = benchmark.summary
    line = (
        f"{benchmark.path}: {summary['annotations']} clean annotations, "
        f"{summary['changed_masks']} masks and {summary['changed_categories']} categories differ, "
        f"{summary['deleted']} missing, {summary['spurious']} extra"
    )
    emit(line, {"benchmark": str(benchmark.path), "summary": summary}, as_json)
