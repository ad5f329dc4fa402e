"""``benchmark-n leaderboard``."""

from __future__ import annotations

import os
from pathlib import Path

import click

from benchmark_n.cli.common import emit, format_option, output_options, set_logging
from benchmark_n.errors import InputError

_FILE = click.Path(path_type=Path)


@click.command("leaderboard")
@click.argument("results", nargs=-1, required=True, type=_FILE, metavar="RESULTS...")
@click.option(
    "--out", "outs", multiple=True, type=_FILE, help="File to write, .md or .html (repeatable)."
)
@format_option("markdown")
@output_options
def command(
    results: tuple[Path, ...],
    outs: tuple[Path, ...],
    form: str,
    quiet: bool,
    verbose: int,
    as_json: bool,
) -> None:
    """Put the results of `eval --detector` on one benchmark into one table.

    RESULTS are results.json files, or folders that have some below them.

    Example: benchmark-n leaderboard results/coco-n-hard-seed1 --out leaderboard.html
    """
    set_logging(quiet, verbose)
    from benchmark_n.report.leaderboard import read_leaderboard
    from benchmark_n.report.leaderboard_text import render, to_markdown, to_tables
    from benchmark_n.report.table_formats import render as render_tables

    board = read_leaderboard(results)
    texts = {path: render(board, path) for path in outs}
    for path, text in texts.items():
        part = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            part.write_text(text, encoding="utf-8")
            part.replace(path)
        except OSError as error:
            raise InputError(f"{path}: cannot write the table: {error.strerror}") from None
    # A page of its own in Markdown has headings; other formats go into somebody's document.
    shown = (
        to_markdown(board).rstrip() if form == "markdown" else render_tables(to_tables(board), form)
    )
    emit(shown, board.to_dict(), as_json)
