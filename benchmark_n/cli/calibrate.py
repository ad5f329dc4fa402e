"""``benchmark-n calibrate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark_n.cli.common import (
    emit,
    output_options,
    progress_bar,
    reading_options,
    set_logging,
    tell,
    warn,
)
from benchmark_n.cli.make import parse_settings
from benchmark_n.cli.tables import table

if TYPE_CHECKING:
    from benchmark_n.generation.contour_fit import Fit

_FILE = click.Path(path_type=Path)


@click.command("calibrate")
@click.option("--clean", type=_FILE, required=True, help="The clean COCO file.")
@click.option("--noisy", type=_FILE, multiple=True, required=True, help="Another (repeatable).")
@click.option("--symmetric", is_flag=True, help="Neither is the truth: use each pair both ways.")
@click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="Give contour's NAME, unfitted."
)
@click.option("--seed", default=0, show_default=True, help="Of the simulation.")
@click.option("--replicates", default=200, show_default=True, help="Of the bootstrap over images.")
@click.option("--out", type=_FILE, required=True, help="The recipe to write, a YAML file.")
@reading_options
@output_options
def command(
    clean: Path,
    noisy: tuple[Path, ...],
    symmetric: bool,
    settings: tuple[str, ...],
    seed: int,
    replicates: int,
    out: Path,
    quiet: bool,
    verbose: int,
    as_json: bool,
    **reading: bool,
) -> None:
    """Fit a recipe to images that were annotated twice; half of the images are left out.

    Example: benchmark-n calibrate --clean A.json --noisy B.json --symmetric --out team.yaml
    """
    set_logging(quiet, verbose)
    from benchmark_n.coco import ReadOptions
    from benchmark_n.files.atomic import write_whole
    from benchmark_n.files.json_yaml import dump_yaml
    from benchmark_n.generation.calibrate import calibrate

    with progress_bar("simulations", quiet) as progress:
        result = calibrate(
            clean,
            noisy,
            name=out.stem,
            symmetric=symmetric,
            settings=parse_settings(settings),
            seed=seed,
            replicates=replicates,
            reading=ReadOptions(**reading),
            progress=progress,
        )
    warn(result.caveats, quiet)
    write_whole(out, dump_yaml(result.recipe).encode())
    tell([f"benchmark-n make --annotations {clean} --recipe {out}"], quiet)
    text = _contour_table(result.fit)
    missing = f"missing {100 * result.rates.missing:.1f} %"
    if result.rates.confusion is not None:
        missing += f", of another category {100 * result.rates.confusion:.1f} %"
    line = f"{out}: {result.objects} objects of {result.images} images; {missing}"
    emit(f"{text}\n\n{line}", result.to_dict(), as_json)


def _contour_table(fit: Fit) -> str:
    there = {name: "{:.3g} ({:.3g} to {:.3g})".format(*each) for name, each in fit.typical.items()}
    rows = [
        [name, f"{value:.4g}", "{:.3g} to {:.3g}".format(*fit.intervals[name]), there.get(name, "")]
        for name, value in fit.values.items()
    ]
    return table(["contour", "value", "95 %", f"px at {fit.area:.0f} px²"], rows)
