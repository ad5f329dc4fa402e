"""``benchmark-n leaderboard``."""

from __future__ import annotations

from pathlib import Path

import click

from benchmark_n.cli.common import emit, output_options, set_logging

_FILE = click.Path(path_type=Path)


@click.command("leaderboard")
@click.argument("results", nargs=-1, required=True, type=_FILE, metavar="RESULTS...")
@click.option(
    "--out", "outs", multiple=True, type=_FILE, help="File to write, .md or .html (repeatable)."
)
@output_options
def command(
    results: tuple[Path, ...], outs: tuple[Path, ...], quiet: bool, verbose: int, as_json: bool
) -> None:
    """Put the results of `eval --detector` on one benchmark into one table, in Markdown.

    RESULTS are results.json files, or folders that have some below them.

    Example: benchmark-n leaderboard results/coco-n-hard-seed1 --out leaderboard.html
    """
    set_logging(quiet, verbose)
    from benchmark_n.files.atomic import write_whole
    from benchmark_n.report.leaderboard import read_leaderboard
    from benchmark_n.report.leaderboard_text import render, to_markdown

    board = read_leaderboard(results)
    texts = {path: render(board, path) for path in outs}
    for path, text in texts.items():
        write_whole(path, text.encode())
    emit(to_markdown(board).rstrip(), board.to_dict(), as_json)
