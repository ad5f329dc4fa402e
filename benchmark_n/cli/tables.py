"""Plain text tables on stdout."""

from __future__ import annotations

from collections.abc import Sequence


def table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Columns under their headers: the first to the left, the others to the right.

    >>> print(table(["name", "AP"], [["clean", 31.25], ["hard", None]]))
    name      AP
    clean  31.25
    hard       -
    """
    cells = [list(headers), *([cell(value) for value in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(headers))]
    lines = []
    for row in cells:
        rest = [text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join([row[0].ljust(widths[0]), *rest]).rstrip())
    return "\n".join(lines)


def cell(value: object) -> str:
    """A value as text: two decimals for floats, a dash for None."""
    if value is None:
        return "-"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def percent(value: float | None) -> float | None:
    """A fraction in percent."""
    return None if value is None else 100 * value
