"""Tables of slices and of figures with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmark_n.cli.tables import table

_MOST_ROWS = 30


def slices_table(
    title: str, slices: Sequence[Mapping[str, Any]], shown: Mapping[str, str], scale: float = 100
) -> str:
    """One row a value, in the order given: counts, then measures with their intervals.

    Parameters
    ----------
    slices
        Plain `benchmark_n.evaluators.slices.Slice`s.
    shown
        Measure to its header.
    scale
        What measures are multiplied by: 100 for percent.

    Examples
    --------
    >>> part = {"value": "F", "counts": {"units": 12}, "measures": {"AP": 0.5}, "approximate": True}
    >>> print(slices_table("by sex", [{**part, "intervals": {"AP": (0.4, 0.6)}}], {"AP": "AP"}))
    by sex  units                 AP
    F          12  50.0 [40.0, 60.0]  approximate
    """
    counts = list(slices[0]["counts"]) if slices else []
    rows: list[list[object]] = []
    for part in slices[:_MOST_ROWS]:
        cells = [
            with_interval(part["measures"][name], part["intervals"].get(name), scale)
            for name in shown
        ]
        mark = "approximate" if part["approximate"] else ""
        rows.append([part["value"], *(part["counts"][name] for name in counts), *cells, mark])
    headers = [title, *(name.replace("_", " ") for name in counts), *shown.values(), ""]
    text = table(headers, rows)
    left = len(slices) - _MOST_ROWS
    return text if left <= 0 else f"{text}\n… and {left} better ones, all of them in the results"


def with_interval(value: float | None, between: Sequence[float] | None, scale: float = 100) -> str:
    """A figure and its interval.

    >>> with_interval(0.5, (0.4, 0.6)), with_interval(0.5, None), with_interval(None, None)
    ('50.0 [40.0, 60.0]', '50.0', '-')
    """
    if value is None:
        return "-"
    own = f"{scale * value:.1f}"
    if between is None:
        return own
    return f"{own} [{scale * between[0]:.1f}, {scale * between[1]:.1f}]"
