"""``benchmark-n make``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from benchmark_n.cli import completion, sections
from benchmark_n.cli.common import (
    emit,
    output_options,
    pixels_option,
    progress_bar,
    reading_options,
    set_logging,
)
from benchmark_n.cli.help import SectionedCommand
from benchmark_n.errors import UsageError


@click.command("make", cls=SectionedCommand, sections=sections.MAKE)
@click.option(
    "--dataset",
    shell_complete=completion.datasets,
    help="See benchmark-n datasets [default: coco; with --annotations custom]. With --annotations "
    "it lends its tiers' recipes and boundary ratio; its name, licence and citation only to a "
    "file whose SHA-256 is known to be one of its own.",
)
@click.option(
    "--tier",
    shell_complete=completion.recipes,
    help="easy, mid, hard (low, medium, high), clean; wan-easy, wan-mid, wan-hard; or another "
    "recipe.",
)
@click.option(
    "--recipe",
    shell_complete=completion.recipes,
    help="A recipe's name or YAML file, instead of a tier.",
)
@click.option(
    "--root",
    type=click.Path(path_type=Path),
    help="The dataset's folder [default: $BENCHMARK_N_DATA/DATASET, else data/DATASET].",
)
@click.option("--split", help="Split of the dataset [default: its training split].")
@click.option(
    "--annotations", type=click.Path(path_type=Path), help="Any COCO-format file of yours."
)
@click.option("--images", type=click.Path(path_type=Path), help="Folder of the images.")
@click.option(
    "--seed",
    type=int,
    help="Seed of the noise [default: 1; with data whose terms keep labels with you --sealed].",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Directory to write [default: benchmarks/DATASET-n-RECIPE-seedSEED, with --annotations "
    "STEM-n-RECIPE-seedSEED, sealed ones …-sealed; digits are added where that is another "
    "benchmark's].",
)
@click.option("--only", multiple=True, metavar="NOISE", help="Keep this noise alone (repeatable).")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NOISE.PARAMETER=VALUE",
    help="Replace a parameter of the recipe (repeatable).",
)
@click.option(
    "--masks",
    type=click.Choice(["rle", "polygon", "keep"]),
    default="rle",
    show_default=True,
    help="Form of all masks; keep: untouched records as they came.",
)
@click.option(
    "--keep-ids",
    is_flag=True,
    help="Publish annotations under the source's ids, which may tell what was changed: marked so.",
)
@click.option(
    "--keep-fields",
    multiple=True,
    metavar="NAME",
    help="Publish this further field or section of the source too, which may tell what was changed "
    "(repeatable; see docs/fields.md).",
)
@click.option(
    "--sealed",
    is_flag=True,
    help="Secret seed and ids, kept in private/seal.json: nobody else can make or undo it.",
)
@click.option(
    "--seal",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Make the sealed benchmark of this private/seal.json again.",
)
@click.option("--part", metavar="K/N", help="A part of the images alone: docs/scale.md.")
@click.option("--workers", type=int, help="Processes [default: the cores one may use].")
@click.option("--backend", type=click.Choice(["loky", "dask"]), default="loky", show_default=True)
@click.option("--scheduler", metavar="ADDRESS", help="Address of a dask scheduler.")
@click.option("--overwrite", is_flag=True, help="Replace an existing benchmark.")
@click.option("--data-seed", default=0, show_default=True, help="Pictures of embedded datasets.")
@click.option("--num-images", type=int, help="Images of an embedded dataset's split.")
@click.option(
    "--stride",
    default=1,
    show_default=True,
    help="Take every n-th frame or patient of a dataset that is converted.",
)
@click.option(
    "--skip-bad",
    is_flag=True,
    help="Leave out frames that cannot be read, and list them in the summary.",
)
@click.option(
    "--group-regex",
    metavar="REGEX",
    help="For imagefolder: the part of a file's name that names its patient or scene.",
)
@click.option(
    "--verified",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Ids of annotations that somebody confirmed, one a line or a JSON list: noise strikes "
    "these alone.",
)
@click.option("--noise-unverified", is_flag=True, help="With --verified: noise strikes all.")
@click.option(
    "--weak",
    metavar="KIND",
    help="Weak annotations instead of noise, by prompts: box, point, mask, box+point, … or text.",
)
@click.option(
    "--segmenter",
    help="Who draws weak masks: grabcut, box-fill, ellipse, medsam-lite, or transformers:NAME "
    "[default: grabcut].",
)
@click.option("--grounder", metavar="NAME", help="Grounding model of text prompts.")
@click.option("--device", help="Of the models: cpu or cuda [default: cpu].")
@click.option(
    "--prompts-from",
    type=click.Path(path_type=Path),
    metavar="BENCHMARK",
    help="Take the boxes of this noisy benchmark as prompts.",
)
@click.option(
    "--licence",
    help="Licence of --annotations, such as cc-by-4.0: kept in the recipe, for card and publish, "
    "which without it give no labels away. The benchmark is called Custom-N all the same, and no "
    "dataset's paper is cited for it.",
)
@reading_options
@pixels_option
@output_options
def command(
    dataset: str | None,
    tier: str | None,
    seed: int | None,
    out: Path | None,
    overwrite: bool,
    settings: tuple[str, ...],
    quiet: bool,
    verbose: int,
    as_json: bool,
    **flat: Any,
) -> None:
    """Make a noisy benchmark from clean annotations.

    Example: benchmark-n make --dataset coco --tier hard
    """
    set_logging(quiet, verbose)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from benchmark_n.generation.make import make
    from benchmark_n.generation.options import MAKE_OPTIONS
    from benchmark_n.runtime.options import fill_each

    with progress_bar("annotations", quiet) as progress:
        flat |= {"overrides": parse_settings(settings), "progress": progress}
        options = fill_each(MAKE_OPTIONS, flat)
        benchmark = make(dataset, tier, seed=seed, out=out, overwrite=overwrite, **options)
    summary = benchmark.summary
    changed = [f"{summary['changed_masks']} masks"]
    if summary.get("boxes"):
        only = summary["boxes"] == summary["instances"]
        changed = [*([] if only else changed), f"{summary['changed_boxes']} boxes"]
    line = (
        f"{benchmark.path}: {summary['annotations']} annotations, {', '.join(changed)} and "
        f"{summary['changed_categories']} categories changed, {summary['deleted']} deleted"
    )
    added = [f"{summary[what]} {what}" for what in ("spurious", "merged", "split") if summary[what]]
    line += f", added: {', '.join(added)}" if added else ""
    if benchmark.recipe.get("sealed"):
        line += ", sealed (private/seal.json makes it again)"
    if summary["skipped"]:
        line += f", {len(summary['skipped'])} bad frames skipped (see summary.json)"
    emit(line, {"benchmark": str(benchmark.path), "summary": summary}, as_json)


def parse_settings(settings: tuple[str, ...]) -> dict[str, Any]:
    """``NOISE.PARAMETER=VALUE`` texts as a mapping with YAML values."""
    import yaml

    parsed = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key:
            raise UsageError(f"--set {setting}: expected NOISE.PARAMETER=VALUE")
        try:
            parsed[key] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise UsageError(f"--set {setting}: '{value}' is no value") from None
    return parsed
