"""``benchmark-n train-quality``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from benchmark_n.cli.common import emit, output_options, pixels_option, progress_bar, set_logging
from benchmark_n.errors import UsageError

_FILE = click.Path(path_type=Path)


@click.command("train-quality")
@click.option("--dataset", "datasets", default="scenes", show_default=True, metavar="NAME[,NAME…]")
@click.option("--annotations", type=_FILE, help="A clean COCO file, with --dataset custom.")
@click.option("--images", type=_FILE, help="Folder of its images.")
@click.option("--data-seed", default=0, show_default=True, help="Of embedded datasets.")
@click.option("--num-images", type=int, help="Of embedded datasets.")
@click.option("--start", type=_FILE, help="Weights to go on from.")
@click.option("--preset", default="default", show_default=True, help="default or paper.")
@click.option("--encoder", help="lite0, lite1, lite2, small or timm:NAME.")
@click.option("--condition", type=click.Choice(["none", "one-hot", "text"]))
@click.option("--gray", is_flag=True, default=None, help="Brightness and mask alone.")
@click.option("--size", type=int, help="Side of the crops, px.")
@click.option("--epochs", type=int)
@click.option("--batch", type=int)
@click.option("--rate", type=float, help="Highest learning rate.")
@click.option("--ranking", type=float, help="Weight of the ranking loss.")
@click.option("--pairing", type=click.Choice(["disjoint", "all"]))
@click.option("--resample", type=float, help="Share kept by a second stage.")
@click.option(
    "--window", type=float, nargs=2, default=None, help="Stored values for black and white (CT)."
)
@click.option("--rounds", type=int, default=6, show_default=True, help="Masks an annotation.")
@click.option("--no-unet", is_flag=True, help="No masks of a U-Net among the pairs.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--device", default="cpu", show_default=True)
@click.option("--workers", type=int, help="Processes [default: the cores one may use].")
@click.option("--out", type=_FILE, required=True, help="Weights file (safetensors).")
@pixels_option
@output_options
def command(
    datasets: str,
    annotations: Path | None,
    images: Path | None,
    data_seed: int,
    num_images: int | None,
    rounds: int,
    no_unet: bool,
    out: Path,
    quiet: bool,
    verbose: int,
    as_json: bool,
    **options: Any,
) -> None:
    """Train Quality Sentinel on clean masks, made worse by known amounts.

    Example: benchmark-n train-quality --dataset scenes --data-seed 7 --out weights.safetensors
    """
    set_logging(quiet, verbose)
    from benchmark_n.detectors.quality_sentinel.settings import named_settings
    from benchmark_n.runtime.execution import Execution
    from benchmark_n.training.quality_sentinel import UNET_EPOCHS, PairRequest, train_quality

    names = [name.strip() for name in datasets.split(",") if name.strip()]
    if annotations is not None and len(names) > 1:
        raise UsageError("annotations are of one dataset, but several are named")
    requests = [
        PairRequest(
            name,
            data_seed,
            num_images,
            annotations,
            images,
            rounds,
            unet_epochs=() if no_unet else UNET_EPOCHS,
        )
        for name in names
    ]
    start, device, workers = (options.pop(name) for name in ("start", "device", "workers"))
    settings = named_settings(options.pop("preset"), **options)
    with progress_bar("epochs", quiet) as progress:
        execution = Execution(workers, progress=progress)
        train_quality(
            requests, out, settings=settings, start=start, device=device, execution=execution
        )
    emit(str(out), {"weights": str(out), "settings": settings.to_dict()}, as_json)
