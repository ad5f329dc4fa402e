"""``benchmark-n leaderboard``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import click

from benchmark_n.cli.common import emit, format_option, output_options, set_logging
from benchmark_n.errors import InputError, UsageError

_FILE = click.Path(path_type=Path)


@click.command("leaderboard")
@click.argument("results", nargs=-1, required=True, type=_FILE, metavar="RESULTS...")
@click.option(
    "--out", "outs", multiple=True, type=_FILE, help="File to write, .md or .html (repeatable)."
)
@click.option(
    "--benchmark",
    "benchmarks",
    multiple=True,
    type=_FILE,
    help="Of submissions: score them against it, one for each noise seed (repeatable).",
)
@format_option("markdown")
@output_options
def command(
    results: tuple[Path, ...],
    outs: tuple[Path, ...],
    benchmarks: tuple[Path, ...],
    form: str,
    quiet: bool,
    verbose: int,
    as_json: bool,
) -> None:
    """Put the results of `eval --detector` on one benchmark, or submissions, into one table.

    RESULTS are results.json files, or folders that have some below them; or folders with
    submission.yaml, which are scored here.

    Example: benchmark-n leaderboard results/coco-n-hard-seed1 --out leaderboard.html
    """
    set_logging(quiet, verbose)
    from benchmark_n.report.submission_board import is_submission

    sent = [path for path in results if is_submission(path)]
    if sent and len(sent) < len(results):
        other = next(path for path in results if path not in sent)
        raise UsageError(f"{sent[0]} is a submission and {other} is none: give one or the other")
    if bool(sent) != bool(benchmarks):
        raise UsageError("--benchmark is for submissions, which are scored against it: give both")
    if sent:
        _submissions(sent, benchmarks, outs, form, as_json)
    else:
        _results(results, outs, form, as_json)


def _results(results: Sequence[Path], outs: Sequence[Path], form: str, as_json: bool) -> None:
    from benchmark_n.report.leaderboard import read_leaderboard
    from benchmark_n.report.leaderboard_text import to_html, to_markdown, to_tables
    from benchmark_n.report.table_formats import render

    board = read_leaderboard(results)
    _write(outs, {".md": lambda: to_markdown(board), ".html": lambda: to_html(board)})
    # A page of its own in Markdown has headings; other formats go into somebody's document.
    shown = to_markdown(board).rstrip() if form == "markdown" else render(to_tables(board), form)
    emit(shown, board.to_dict(), as_json)


def _submissions(
    sent: Sequence[Path],
    benchmarks: Sequence[Path],
    outs: Sequence[Path],
    form: str,
    as_json: bool,
) -> None:
    from benchmark_n.report.board_page import board_page
    from benchmark_n.report.submission_board import submission_board
    from benchmark_n.report.table_formats import render

    board = submission_board(sent, benchmarks)
    writers = {
        ".md": lambda: render(board, "markdown") + "\n",
        ".html": lambda: board_page(board, "Submissions"),
    }
    _write(outs, writers)
    emit(render(board, form), board.to_dict(), as_json)


def _write(outs: Sequence[Path], writers: Mapping[str, Callable[[], str]]) -> None:
    """Write the board to each file, as its ending says; none where one of them cannot be."""
    from benchmark_n.files.atomic import write_whole

    wrong = next((path for path in outs if path.suffix not in writers), None)
    if wrong is not None:
        raise UsageError(f"`out` {wrong}: expected a name that ends in .md or .html")
    for path in outs:
        if not path.absolute().parent.is_dir():
            raise InputError(f"{path}: there is no folder {path.parent}: nothing was written")
    for path, text in {path: writers[path.suffix]() for path in outs}.items():
        write_whole(path, text.encode())
