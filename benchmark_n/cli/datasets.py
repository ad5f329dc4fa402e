"""``benchmark-n datasets``."""

from __future__ import annotations

from pathlib import Path

import click

from benchmark_n.cli.common import emit, output_options, set_logging


@click.command("datasets")
@click.option("--root", type=click.Path(path_type=Path), help="Look there for every dataset.")
@output_options
def command(root: Path | None, quiet: bool, verbose: int, as_json: bool) -> None:
    """List the datasets: size, licence, what may be passed on, and whether they are here.

    Example: benchmark-n datasets
    """
    set_logging(quiet, verbose)
    from benchmark_n.datasets.catalogue import CatalogueEntry, catalogue

    def describe(entry: CatalogueEntry) -> str:
        known = entry.dataset
        where = f"found in {entry.root}: {', '.join(entry.found)}"
        if known.embedded:
            where = f"drawn on demand, kept in {entry.root}"
        elif not entry.found:
            where = f"not in {entry.root}: benchmark-n fetch {known.name}"
        lines = (
            f"{known.name} ({known.title})",
            f"  splits          {', '.join(known.splits)}",
            f"  size            {known.size}",
            f"  licence         {known.licence}",
            f"  redistribution  {known.redistribution}",
            f"  labels          {where}",
        )
        return "\n".join(lines)

    entries = catalogue(root)
    text = "\n".join(describe(entry) for entry in entries)
    emit(text, {"datasets": [entry.to_dict() for entry in entries]}, as_json)
