"""``benchmark-n robustness``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchmark_n.cli.common import (
    emit,
    format_option,
    output_options,
    pixels_option,
    progress_bar,
    set_logging,
    tell,
)
from benchmark_n.cli.make import parse_settings
from benchmark_n.cli.train import training_options
from benchmark_n.errors import UsageError

if TYPE_CHECKING:
    from benchmark_n.experiments.robustness import Robustness

_FOLDER = click.Path(path_type=Path)


@click.command("robustness")
@click.option("--model", required=True, help="A model's name, or an MMDetection config file.")
@click.option("--dataset", required=True, help="See benchmark-n datasets.")
@click.option(
    "--tiers",
    default="clean,paper-easy,paper-mid,paper-hard",
    show_default=True,
    help="The first is compared with.",
)
@click.option("--seeds", default="3", show_default=True, help="A number of seeds, or 4,5,6.")
@click.option("--root", type=_FOLDER, help="The dataset's folder.")
@click.option("--num-images", type=int, help="Images of an embedded dataset's training split.")
@training_options
@click.option("--out", type=_FOLDER, help="Directory of the results [default: the work directory].")
@format_option("text")
@pixels_option
@output_options
def command(
    model: str,
    dataset: str,
    tiers: str,
    seeds: str,
    root: Path | None,
    num_images: int | None,
    options: tuple[str, ...],
    seed: int,
    out: Path | None,
    form: str,
    quiet: bool,
    verbose: int,
    as_json: bool,
    **training: Any,
) -> None:
    """Train on every tier, judge on clean labels: how much of the precision is kept.

    It may be stopped and started again. A seed is that of the noise and of the training.

    Example: benchmark-n robustness --model tiny-mask-rcnn --dataset scenes --init none
    """
    set_logging(quiet, verbose)
    if seed:
        raise UsageError("--seed: the seeds of a robustness table are named by --seeds")
    from benchmark_n.datasets import SourceOptions
    from benchmark_n.experiments.robustness import robustness
    from benchmark_n.experiments.robustness_table import robustness_tables
    from benchmark_n.report.table_formats import render
    from benchmark_n.training.mmdet.model_configs import ModelSettings
    from benchmark_n.training.options import RunOptions

    start = {name: training[name] for name in ("schedule", "init")}
    settings = ModelSettings(model, options=parse_settings(options), **start)
    with progress_bar("iterations", quiet) as progress:
        result = robustness(
            settings,
            dataset,
            tiers.split(","),
            parse_seeds(seeds),
            run=RunOptions(training["work_dir"], device=training["device"], progress=progress),
            source=SourceOptions(root=root, num_images=num_images),
        )
    folder = out or training["work_dir"] or Path("results") / f"{dataset}-{model}-robustness"
    write(result, folder)
    tell([str(folder)], quiet)
    emit(render(robustness_tables(result), form), result.to_dict(), as_json)


def parse_seeds(text: str) -> list[int]:
    """``"3"`` as seeds 1 to 3, ``"4,7"`` as these.

    >>> parse_seeds("3"), parse_seeds("4,7")
    ([1, 2, 3], [4, 7])
    """
    try:
        values = [int(part) for part in text.split(",")]
    except ValueError:
        raise UsageError(f"--seeds {text}: expected a number, or seeds with commas") from None
    if min(values) < 1:
        raise UsageError(f"--seeds {text}: expected 1 or more")
    return list(range(1, values[0] + 1)) if len(values) == 1 else values


def write(result: Robustness, folder: Path) -> None:
    """``robustness.json`` and ``robustness.png``."""
    from benchmark_n.experiments.robustness import KINDS
    from benchmark_n.report.robustness import draw_tiers

    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(result.to_dict(), indent=2) + "\n"
    (folder / "robustness.json").write_text(text, encoding="utf-8")
    names = [tier.tier for tier in result.tiers]
    ap = {kind: [tier.ap[kind] for tier in result.tiers] for kind in KINDS}
    title = f"{result.model} on {result.dataset}, {len(result.tiers[0].seeds)} seeds"
    draw_tiers(title, names, ap, folder / "robustness.png")
