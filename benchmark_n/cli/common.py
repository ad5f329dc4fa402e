"""What the commands share: output, logging and progress."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import click

from benchmark_n.cli import completion
from benchmark_n.cli.flags import root_command, with_flags
from benchmark_n.files.limits import DEFAULTS, MAX_PIXELS

if TYPE_CHECKING:
    from benchmark_n.benchmark import Benchmark

Command = TypeVar("Command", bound=Callable[..., Any])


def output_options(command: Command) -> Command:
    """``--json``, ``-q`` and ``-v``, as on every command."""
    for option in (
        click.option("-v", "--verbose", count=True, help="Log more to stderr."),
        click.option("-q", "--quiet", is_flag=True, help="No progress, no log."),
        click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text."),
    ):
        command = option(command)
    return command


def format_option(default: str) -> Callable[[Command], Command]:
    """``--format``: what the table that a command prints is written as."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", "csv", "latex", "markdown"]),
        default=default,
        show_default=True,
        help="Of the printed table; latex needs the package booktabs.",
    )


def pixels_option(command: Command) -> Command:
    """``--max-pixels``, which reaches the processes that read the pictures."""
    return click.option(
        "--max-pixels",
        type=click.IntRange(1),
        expose_value=False,
        callback=_set_pixels,
        help="Refuse larger pictures, unread "
        f"[default: ${MAX_PIXELS}, else {DEFAULTS[MAX_PIXELS]}].",
    )(command)


def _set_pixels(context: click.Context, option: click.Parameter, value: int | None) -> None:
    """For this process and those that it starts, until the command ends."""
    if value is None:
        return
    before = os.environ.get(MAX_PIXELS)
    os.environ[MAX_PIXELS] = str(value)
    if before is None:
        context.call_on_close(lambda: os.environ.pop(MAX_PIXELS, None))
    else:
        context.call_on_close(lambda: os.environ.update({MAX_PIXELS: before}))


def reading_options(command: Command) -> Command:
    """``--repair``, ``--strict``, ``--crowds-as-instances``: how annotation files are read."""
    for option in (
        click.option(
            "--crowds-as-instances",
            is_flag=True,
            help="Read annotations of iscrowd 1 as instances: CVAT writes its brush masks so.",
        ),
        click.option("--strict", is_flag=True, help="Refuse records that --repair would mend."),
        click.option(
            "--repair",
            is_flag=True,
            help="Drop polygons of fewer than three points and annotations without area, clip to "
            "the image, read numbers in quotes; say how many.",
        ),
    ):
        command = option(command)
    return command


def set_logging(quiet: bool, verbose: int) -> None:
    """Log to stderr: warnings, with ``-v`` what is done, with ``-vv`` details."""
    level = logging.ERROR if quiet else max(logging.WARNING - 10 * verbose, logging.DEBUG)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter("%(levelname)s: %(message)s"))
    logging.basicConfig(handlers=[handler], level=level)


class _Formatter(logging.Formatter):
    """Names parameters in this package's messages as the command line has them."""

    def __init__(self, fmt: str) -> None:
        super().__init__(fmt)
        self._commands = root_command()

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        ours = record.name.startswith("benchmark_n.")
        return with_flags(text, self._commands) if ours else text


def warn(lines: Iterable[str], quiet: bool) -> None:
    """Print the warnings that a result carries to stderr, each once."""
    for line in () if quiet else dict.fromkeys(lines):
        click.echo(f"warning: {with_flags(line, root_command())}", err=True)


def tell(lines: Iterable[str], quiet: bool) -> None:
    """Print to stderr what was decided on the way to a result, each line once."""
    for line in () if quiet else dict.fromkeys(lines):
        click.echo(line, err=True)


def benchmark_argument(command: Command) -> Command:
    """Add BENCHMARK, which may be left out: see `newest_or`."""
    return click.argument(
        "benchmark",
        required=False,
        type=click.Path(path_type=Path),
        shell_complete=completion.benchmarks,
    )(command)


def newest_or(path: Path | None, quiet: bool) -> Benchmark:
    """The benchmark at `path`; the newest under ``benchmarks/``, which is told, where none is."""
    from benchmark_n.benchmark import load, newest_benchmark

    chosen = newest_benchmark() if path is None else path
    tell([] if path is not None else [f"the newest benchmark: {chosen}"], quiet)
    return load(chosen)


def emit(text: str, data: Mapping[str, Any], as_json: bool) -> None:
    """Print the result to stdout, as text or as JSON."""
    click.echo(json.dumps(data, indent=2) if as_json else text)


@contextmanager
def _terminal() -> Iterator[TextIO]:
    """Standard error by a copy of its own: it is put aside while pictures are decoded."""
    try:
        copy = os.dup(sys.stderr.fileno())
    except (OSError, ValueError):  # something that stands for it, without a file
        yield sys.stderr
        return
    with os.fdopen(copy, "w", encoding=sys.stderr.encoding, errors="backslashreplace") as file:
        yield file


@contextmanager
def progress_bar(label: str, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A function to call with (done, total) that draws a bar on stderr; None when quiet."""
    if quiet:
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with _terminal() as file:
        bar = Progress(*columns, console=Console(file=file))
        task = bar.add_task(label, total=None)

        def update(done: int, total: int) -> None:
            # Not before there is something to count: a bar leaves a line even where it shows none.
            bar.start()
            bar.update(task, completed=done, total=total)

        try:
            yield update
        finally:
            if bar.live.is_started:
                bar.stop()
