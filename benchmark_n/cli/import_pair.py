"""``benchmark-n import``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from benchmark_n.cli.common import emit, output_options, reading_options, set_logging, tell

_FILE = click.Path(path_type=Path)


@click.command("import")
@click.option("--clean", type=_FILE, required=True, help="The clean COCO file.")
@click.option("--noisy", type=_FILE, required=True, help="The noisy COCO file.")
@click.option(
    "--out", type=_FILE, default=Path("benchmarks/imported"), show_default=True, help="Directory."
)
@click.option(
    "--match",
    type=click.Choice(["auto", "id", "iou", "all-ids"]),
    default="auto",
    show_default=True,
    help="What annotations go by; all-ids: images and categories, too, not by their names.",
)
@click.option("--least-iou", default=0.5, show_default=True, help="Least IoU of the same instance.")
@click.option("--images", type=_FILE, help="Folder of the images.")
@click.option(
    "--keep-fields",
    multiple=True,
    metavar="NAME",
    help="Publish this further field or section of the source too, which may tell what was changed "
    "(repeatable; see docs/fields.md).",
)
@click.option("--overwrite", is_flag=True, help="Replace an existing benchmark.")
@reading_options
@output_options
def command(
    repair: bool,
    strict: bool,
    crowds_as_instances: bool,
    quiet: bool,
    verbose: int,
    as_json: bool,
    **options: Any,
) -> None:
    """Derive a benchmark, manifest and all, from a real pair of annotation files.

    Example: benchmark-n import --clean expert.json --noisy crowd.json
    """
    set_logging(quiet, verbose)
    from benchmark_n.coco import ReadOptions
    from benchmark_n.coco.joining import matched_line
    from benchmark_n.generation.pair import import_pair

    benchmark = import_pair(**options, reading=ReadOptions(repair, strict, crowds_as_instances))
    summary = benchmark.summary
    line = (
        f"{benchmark.path}: {summary['annotations']} clean annotations, "
        f"{summary['changed_masks']} masks and {summary['changed_categories']} categories differ, "
        f"{summary['deleted']} missing, {summary['spurious']} extra"
    )
    matched = benchmark.recipe["matched"]
    tell([matched_line(matched)], quiet)
    emit(line, {"benchmark": str(benchmark.path), "summary": summary, "matched": matched}, as_json)
