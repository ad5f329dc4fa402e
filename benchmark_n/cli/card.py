"""``benchmark-n card``."""

from __future__ import annotations

from pathlib import Path

import click

from benchmark_n.cli.common import benchmark_argument, emit, newest_or, output_options, set_logging


@click.command("card")
@benchmark_argument
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder for the card [default: the benchmark's own].",
)
@click.option("--check", is_flag=True, help="Check the card that is there instead of writing one.")
@click.option("--licence", help="Licence of your own data, such as cc-by-4.0.")
@output_options
def command(
    benchmark: Path | None,
    out: Path | None,
    check: bool,
    licence: str | None,
    quiet: bool,
    verbose: int,
    as_json: bool,
) -> None:
    """Write the data card of BENCHMARK: a Hub card for people, Croissant for machines.

    BENCHMARK is by default the newest under benchmarks/.

    Example: benchmark-n card benchmarks/coco-n-hard-seed1
    """
    set_logging(quiet, verbose)
    loaded = newest_or(benchmark, quiet)
    if check:
        from benchmark_n.cards.check import check_card

        faults = check_card(loaded, out)
        text = "\n".join(faults) if faults else "the benchmark, its checksums and its card agree"
        emit(text, {"benchmark": str(loaded.path), "faults": faults}, as_json)
        if faults:
            raise SystemExit(1)
        return
    from benchmark_n.cards.card import write_card

    written = [str(path) for path in write_card(loaded, out, licence=licence)]
    emit("\n".join(written), {"benchmark": str(loaded.path), "files": written}, as_json)
