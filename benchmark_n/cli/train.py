"""``benchmark-n train``."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from benchmark_n.cli.common import (
    Command,
    emit,
    output_options,
    pixels_option,
    progress_bar,
    set_logging,
)
from benchmark_n.cli.make import parse_settings
from benchmark_n.cli.tables import percent, table

_FOLDER = click.Path(path_type=Path)
_KINDS = ("bbox", "segm", "boundary")


def training_options(command: Command) -> Command:
    """What a model starts from and how it is trained, as ``train`` and others take it."""
    for option in (
        click.option(
            "--cfg-option",
            "options",
            multiple=True,
            metavar="KEY=VALUE",
            help="Replace a value of the model's config (repeatable).",
        ),
        click.option("--seed", default=0, show_default=True, help="Of weights and order."),
        click.option(
            "--init",
            type=click.Choice(["imagenet", "coco", "none"]),
            default="imagenet",
            show_default=True,
            help="Start from a backbone, from a model trained on clean COCO, or from nothing.",
        ),
        click.option(
            "--schedule",
            type=click.Choice(["own", "paper"]),
            default="own",
            show_default=True,
            help="The config's own schedule, or the paper's: 12 epochs, YOLACT 50.",
        ),
        click.option(
            "--device",
            type=click.Choice(["auto", "cpu", "cuda"]),
            default="auto",
            show_default=True,
        ),
        click.option("--work-dir", type=_FOLDER, help="Where all of it goes."),
    ):
        command = option(command)
    return command


@click.command("train")
@click.argument("benchmark", type=_FOLDER)
@click.option("--model", required=True, help="A model's name, or an MMDetection config file.")
@training_options
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint.")
@click.option("--gpus", type=click.IntRange(1), default=1, show_default=True)
@click.option(
    "--instance-losses",
    is_flag=True,
    help="Write each annotation's losses, epoch by epoch (Mask R-CNN).",
)
@click.option("--images", type=_FOLDER, help="Folder of the images.")
@click.option("--val-images", type=_FOLDER, help="Folder of the validation images.")
@pixels_option
@output_options
def command(
    benchmark: Path,
    model: str,
    options: tuple[str, ...],
    gpus: int,
    quiet: bool,
    verbose: int,
    as_json: bool,
    **rest: Any,
) -> None:
    """Train a model on noisy labels, and judge it on the clean validation labels.

    Example: benchmark-n train benchmarks/coco-n-hard-seed1 --model mask-rcnn_r50 --gpus 8
    """
    set_logging(quiet, verbose)
    from benchmark_n.training.mmdet.model_configs import ModelSettings
    from benchmark_n.training.options import RunOptions
    from benchmark_n.training.train import launch, train

    if gpus > 1:
        sys.exit(launch(gpus, without_gpus(sys.argv[1:])))
    with progress_bar("iterations", quiet) as progress:
        named = {name: rest.pop(name) for name in ("schedule", "init", "seed", "instance_losses")}
        settings = ModelSettings(model, options=parse_settings(options), **named)
        run = train(benchmark, settings, RunOptions(progress=progress, **rest))
    if os.environ.get("RANK", "0") != "0":
        return  # one of several that a launcher started: the first one prints
    emit(f"{metrics_text(run.metrics)}\n\n{run.path}", run.to_dict(), as_json)


def without_gpus(arguments: list[str]) -> list[str]:
    """The same command for each of the processes that share it.

    >>> without_gpus(["train", "b", "--gpus", "4", "--json"])
    ['train', 'b', '--json']
    """
    kept, skip = [], False
    for argument in arguments:
        if not skip and argument != "--gpus" and not argument.startswith("--gpus="):
            kept.append(argument)
        skip = argument == "--gpus"
    return kept


def metrics_text(metrics: Mapping[str, float]) -> str:
    """Average precisions of boxes, masks and boundaries; of a U-Net whatever it measured."""
    if not any(name.startswith("segm_") for name in metrics):
        return table(["", "clean validation"], [[name, value] for name, value in metrics.items()])
    names = [name.removeprefix("segm_") for name in metrics if name.startswith("segm_")]
    names = [name for name in names if "/" not in name]
    rows = [[kind, *(percent(metrics.get(f"{kind}_{name}")) for name in names)] for kind in _KINDS]
    return table(["%", *names], rows)
