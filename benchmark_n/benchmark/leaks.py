"""What a benchmark's published file is known to tell of its errors, for the results on it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from benchmark_n.benchmark import layout, load
from benchmark_n.errors import InputError

_LINES = {
    "ids": "the annotations' ids and order are the source's: they may tell which labels were "
    "changed, whatever a detector finds",
}


def leaks_of_file(path: Path) -> tuple[str, ...]:
    """`Benchmark.leaks` of the benchmark whose annotation file `path` is; empty if of none."""
    folder = path.resolve().parent.parent
    if path.resolve().parent.name != layout.ANNOTATIONS:
        return ()
    try:
        benchmark = load(folder)
        ours = benchmark.annotations.name == path.name
        return benchmark.leaks if ours else ()
    except InputError:  # a folder of another's, whatever its files are called
        return ()


def leak_lines(leaks: Iterable[str]) -> list[str]:
    """A line for each of them, to be shown beside results."""
    return [f"leak: {_LINES.get(leak, leak)}" for leak in leaks]
