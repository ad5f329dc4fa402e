"""``benchmark-n convert``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchmark_n.cli.common import emit, output_options, pixels_option, progress_bar, set_logging
from benchmark_n.cli.flags import root_command, with_flags

if TYPE_CHECKING:
    from benchmark_n.datasets.labelmaps.convert import Conversion


@click.command("convert")
@click.option("--dataset", required=True, help="cityscapes, viper, camus or phantom.")
@click.option("--root", type=click.Path(path_type=Path), help="The dataset's folder.")
@click.option("--split", help="Split of the dataset [default: its training split].")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="JSON file to write.")
@click.option("--stride", default=1, show_default=True, help="Take every n-th frame or patient.")
@click.option("--skip-bad", is_flag=True, help="Leave out what cannot be read, and list it.")
@click.option("--workers", type=int, help="Processes [default: the cores one may use].")
@click.option("--overwrite", is_flag=True, help="Replace an existing file.")
@click.option("--data-seed", default=0, show_default=True, help="Pictures of embedded datasets.")
@click.option("--num-images", type=int, help="Images of an embedded dataset's split.")
@click.option("--group-regex", metavar="REGEX", help="For imagefolder: names a file's unit.")
@pixels_option
@output_options
def command(
    dataset: str, out: Path, overwrite: bool, quiet: bool, verbose: int, as_json: bool, **flat: Any
) -> None:
    """Turn a dataset's own label maps into a clean COCO file.

    Example: benchmark-n convert --dataset cityscapes --root DIR --split val --out val.json
    """
    set_logging(quiet, verbose)
    from benchmark_n.datasets import DATASETS, SourceOptions
    from benchmark_n.datasets.labelmaps.convert import convert
    from benchmark_n.datasets.open import make_request
    from benchmark_n.runtime.execution import Execution
    from benchmark_n.runtime.options import fill_each

    known = DATASETS.load(dataset)
    with progress_bar("frames", quiet) as progress:
        kinds = {"options": SourceOptions, "execution": Execution}
        request = make_request(known, **fill_each(kinds, {**flat, "progress": progress}))
        done = convert(known, out, request, overwrite=overwrite)
    _report(done, as_json)


def _report(done: Conversion, as_json: bool) -> None:
    lines = [
        f"{done.annotations}: {done.images} images, {done.instances} instances, "
        f"{done.crowds} crowds, {len(done.skipped)} skipped",
        *(
            f"skipped {entry['name']}: {with_flags(entry['fault'], root_command())}"
            for entry in done.skipped
        ),
    ]
    data = {
        "annotations": str(done.annotations),
        "pictures": str(done.pictures) if done.pictures else None,
        "images": done.images,
        "instances": done.instances,
        "crowds": done.crowds,
        "skipped": list(done.skipped),
    }
    emit("\n".join(lines), data, as_json)
