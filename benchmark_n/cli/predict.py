"""``benchmark-n predict``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from benchmark_n.cli.common import emit, output_options, pixels_option, progress_bar, set_logging
from benchmark_n.cli.make import parse_settings
from benchmark_n.cli.train import training_options
from benchmark_n.errors import UsageError

_FOLDER = click.Path(path_type=Path)


@click.command("predict")
@click.argument("benchmark", type=_FOLDER)
@click.option("--model", help="With --folds: what to train.")
@click.option(
    "--folds",
    type=click.IntRange(2),
    help="Train this many models, each predicting the images that it did not see.",
)
@training_options
@click.option(
    "--split",
    type=click.Choice(["val", "train"]),
    default="val",
    show_default=True,
    help="Predict the clean validation labels' images, or those of the noisy labels.",
)
@click.option("--out", type=_FOLDER, help="File to write [default: in the work directory].")
@click.option("--images", type=_FOLDER, help="Folder of the images.")
@pixels_option
@output_options
def command(
    benchmark: Path,
    model: str | None,
    folds: int | None,
    options: tuple[str, ...],
    work_dir: Path | None,
    device: str,
    split: str,
    out: Path | None,
    images: Path | None,
    quiet: bool,
    verbose: int,
    as_json: bool,
    **training: Any,
) -> None:
    """Write a model's detections as COCO results: for eval --predictions, or as evidence.

    Example: benchmark-n predict benchmarks/coco-n-hard-seed1 --work-dir work_dirs/mask-rcnn
    """
    set_logging(quiet, verbose)
    from benchmark_n.training.mmdet.model_configs import ModelSettings
    from benchmark_n.training.options import RunOptions
    from benchmark_n.training.train import predict, predict_folds

    if folds is not None:
        if model is None:
            raise UsageError("--folds trains models: name one by --model")
        with progress_bar("iterations", quiet) as progress:
            settings = ModelSettings(model, options=parse_settings(options), **training)
            run = RunOptions(work_dir, device=device, images=images, progress=progress)
            path = predict_folds(benchmark, settings, folds, run)
    elif work_dir is None or model is not None:
        raise UsageError("give --work-dir of a training, or --folds with --model")
    else:
        path = predict(benchmark, work_dir, split=split, out=out, device=device, images=images)
    emit(str(path), {"predictions": str(path)}, as_json)
