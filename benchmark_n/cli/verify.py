"""``benchmark-n verify``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchmark_n.cli.common import emit, output_options, progress_bar, set_logging

if TYPE_CHECKING:
    from benchmark_n.cards.release import Release
    from benchmark_n.experiments.release_checks import BenchmarkCheck, SeedCheck


@click.command("verify")
@click.option(
    "--release", required=True, metavar="NUMBER", help="Such as 1.0, or a YAML file of that form."
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder with coco/, lvis/, … and the samples [default: each where make looks for it].",
)
@click.option(
    "--only",
    multiple=True,
    metavar="NAME",
    help="A benchmark such as scenes-n-hard, or all of a family such as scenes-N (repeatable).",
)
@click.option("--workers", type=int, help="Processes [default: the cores one may use].")
@output_options
def command(
    release: str,
    data: Path | None,
    only: tuple[str, ...],
    workers: int | None,
    quiet: bool,
    verbose: int,
    as_json: bool,
) -> None:
    """Make the benchmarks of a release, and compare their bytes with the release's digests.

    One line to report for each: equal; differs, with both digests; not here, with what is missing;
    not yet verified, with the digests found. The exit code is 1 where something differs or cannot
    be made. Nothing is kept.

    Example: benchmark-n verify --release 1.0 --only scenes-N
    """
    set_logging(quiet, verbose)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from benchmark_n.cards.release import read_release
    from benchmark_n.experiments.release_checks import DIFFERS, FAILED, counts
    from benchmark_n.experiments.verify_release import verify_release
    from benchmark_n.files.provenance import environment
    from benchmark_n.runtime.execution import Execution

    read = read_release(release)
    checks: list[BenchmarkCheck] = []
    # A bar would be drawn through the lines on one terminal, and takes standard output to its own.
    out = sys.stdout
    with progress_bar("benchmarks", quiet or (out.isatty() and not as_json)) as progress:
        execution = Execution(workers, progress=progress)
        for check in verify_release(read, data, only=only, execution=execution):
            checks.append(check)
            # All of a release takes hours: each benchmark is told as soon as it is made.
            for line in () if as_json else check_lines(check, release, data):
                click.echo(line, file=out)
    found, versions = counts(checks), environment()
    result = {
        "release": read.release,
        "frozen": read.frozen,
        "counts": found,
        "benchmarks": [check.to_dict() for check in checks],
        "environment": versions,
    }
    emit(_summary(read, found, versions), result, as_json)
    if found[DIFFERS] or found[FAILED]:
        raise SystemExit(1)


def check_lines(check: BenchmarkCheck, release: str, data: Path | None) -> list[str]:
    """One line for a benchmark; where digests are to be told, one for each seed.

    Made of another source, digests that the release lacks are of no use to anybody.
    """
    from benchmark_n.experiments.release_checks import DIFFERS, EQUAL, NOT_HERE
    from benchmark_n.experiments.verify_release import verifying_command

    name = check.entry.name
    if check.state == NOT_HERE:
        told = f"{check.reason}; then {verifying_command(release, check.entry, data)}"
        return [f"{name}: {check.state}: {told}"]
    lines = [f"{name}: {check.state}: {check.reason}"] if check.reason else []
    equal = [seed.seed for seed in check.seeds if seed.state == EQUAL]
    if equal:
        lines.append(f"{name} {seeds_text(equal)}: {EQUAL}")
    return lines + [
        f"{name} seed {seed.seed}: {seed.state}: {_digests(seed)}"
        for seed in check.seeds
        if seed.state == DIFFERS or (seed.state != EQUAL and not check.reason)
    ]


def seeds_text(seeds: Sequence[int]) -> str:
    """Seeds in words.

    >>> seeds_text([1, 2, 3, 5])
    'seeds 1, 2, 3, 5'
    >>> seeds_text([1, 2, 3])
    'seeds 1-3'
    """
    if len(seeds) == 1:
        return f"seed {seeds[0]}"
    if list(seeds) == list(range(seeds[0], seeds[-1] + 1)):
        return f"seeds {seeds[0]}-{seeds[-1]}"
    return f"seeds {', '.join(map(str, seeds))}"


def _digests(seed: SeedCheck) -> str:
    """The digests of what was found, and of the release's where there are any."""
    parts = []
    for what in ("annotations", "rows"):
        found = getattr(seed.found, what)
        expected = getattr(seed.expected, what) if seed.expected is not None else None
        if expected is None:
            parts.append(f"{what} {found}")
        elif expected == found:
            parts.append(f"{what} equal")
        else:
            parts.append(f"{what} {found}, the release has {expected}")
    return "; ".join(parts)


def _summary(release: Release, found: dict[str, int], versions: dict[str, Any]) -> str:
    """The last line: how many of each state, and with which libraries."""
    states = ", ".join(f"{count} {state}" for state, count in found.items())
    libraries = ", ".join(f"{name} {version}" for name, version in versions["libraries"].items())
    draft = "" if release.frozen else " (not frozen yet)"
    return (
        f"Benchmark-N release {release.release}{draft}: {states}; benchmark-n "
        f"{versions['benchmark-n']}, Python {versions['python']}, {libraries}; "
        f"{versions['platform']}"
    )
