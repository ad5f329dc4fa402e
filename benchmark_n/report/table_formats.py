"""Result tables as plain text, CSV, LaTeX and Markdown."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from benchmark_n.files.formulas import guarded
from benchmark_n.report.latex import to_latex
from benchmark_n.report.result_table import (
    Cell,
    Column,
    Figure,
    ResultTable,
    ResultTables,
    interval_text,
    sd_text,
    value_text,
)
from benchmark_n.runtime.options import check_known

FORMATS = ("text", "csv", "latex", "markdown")
_TABLE = "table"


def render(found: ResultTables, form: str) -> str:
    """The tables in one of `FORMATS`, without a line break at the end.

    Raises
    ------
    UsageError
        Another format.

    Examples
    --------
    >>> columns = Column("detector"), Column("F1", best="highest")
    >>> table = ResultTable("on scenes", columns, (("a", Figure(0.5)), ("b", Figure(0.7))))
    >>> print(render(ResultTables([table]), "text"))
    detector     F1
    a         0.500
    b         0.700
    """
    check_known("`form`", form, FORMATS)
    return _WRITERS[form](found).rstrip("\n")


def markdown_table(heads: Sequence[str], rows: Iterable[Sequence[Any]], left: int = 1) -> str:
    """A Markdown table; cells are written by `str`, the first `left` columns to the left.

    Examples
    --------
    >>> print(markdown_table(["a", "b"], [["x|y", 1]]), end="")
    | a | b |
    |---|---:|
    | x\\|y | 1 |
    """
    lines = [_line(heads), "|" + "---|" * left + "---:|" * (len(heads) - left)]
    lines += [_line(row) for row in rows]
    return "\n".join(lines) + "\n"


def unmarked(text: str) -> str:
    """Text of a file as Markdown shows it: one line, and no markup, picture or heading of its own.

    >>> unmarked("[a](b) <b>\\n# c")
    '\\\\[a](b) \\\\<b> # c'
    """
    return re.sub(r"([<[*])", r"\\\1", " ".join(text.split()))


def markdown_tables(table: ResultTable) -> str:
    """One table in Markdown with its notes, without its title; the best figures are bold."""
    best = table.best_cells()
    rows = [
        [
            f"**{text}**" if (number, place) in best else text
            for place, text in enumerate(map(_inline, row, table.columns))
        ]
        for number, row in enumerate(table.rows)
    ]
    text = markdown_table([column.name for column in table.columns], rows, _words(table))
    return "\n".join([text, *(f"{unmarked(note)}\n" for note in table.notes)])


def _to_markdown(found: ResultTables) -> str:
    parts = [f"**{unmarked(table.title)}**\n\n{markdown_tables(table)}" for table in found.tables]
    comment = "\n".join(re.sub("-(?=-)", "- ", line) for line in found.provenance)
    return "\n".join([*parts, *([f"<!--\n{comment}\n-->"] if comment else [])])


def _to_text(found: ResultTables) -> str:
    """For the terminal: what the tables were made with is in the results files."""
    parts = []
    for table in found.tables:
        spread = [any(f.sd is not None for _, f in table.figures(p)) for p in _places(table)]
        heads: list[str] = []
        rows: list[list[str]] = [[] for _ in table.rows]
        for place, column in enumerate(table.columns):
            heads += [column.name, *(["sd"] if spread[place] else [])]
            for number, row in enumerate(table.rows):
                rows[number] += _apart(row[place], column, spread=spread[place])
        lines = [table.title] if len(found.tables) > 1 else []
        parts.append("\n".join([*lines, _aligned(heads, rows, _words(table)), *table.notes]))
    return "\n\n".join(parts)


def _to_csv(found: ResultTables) -> str:
    """All tables in one, told apart by the first column; values in full, as the header's unit."""
    rows = []
    for table in found.tables:
        for row in table.rows:
            cells: dict[str, str] = {_TABLE: str(guarded(table.title))}
            for cell, column in zip(row, table.columns, strict=True):
                cells |= _csv_cells(cell, column)
            rows.append(cells)
    heads = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    notes = dict.fromkeys(note for table in found.tables for note in table.notes)
    out.writelines(f"# {' '.join(line.split())}\n" for line in (*found.provenance, *notes))
    writer = csv.DictWriter(out, heads, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _csv_cells(cell: Cell, column: Column) -> dict[str, str]:
    if isinstance(cell, str):
        return {column.name: str(guarded(cell))}
    cells = {column.name: _plain(cell.value, column)}
    if cell.interval is not None:
        low, high = cell.interval
        cells |= {f"{column.name} low": _plain(low, column)}
        cells |= {f"{column.name} high": _plain(high, column)}
    if cell.sd is not None:
        cells[f"{column.name} sd"] = _plain(cell.sd, column)
    return cells


def _plain(value: float | int | None, column: Column) -> str:
    return "" if value is None else f"{column.scale * value:.10g}"


def _apart(cell: Cell, column: Column, *, spread: bool) -> list[str]:
    """A cell of the plain text: the standard deviation has a column of its own."""
    if isinstance(cell, str):
        return [cell, ""] if spread else [cell]
    between = interval_text(cell, column, ", ")
    value = value_text(cell, column) + (f" [{between}]" if between else "")
    return [value, sd_text(cell, column) or "-"] if spread else [value]


def _inline(cell: Cell, column: Column) -> str:
    """A cell in one text: ``0.81 ± 0.03 (0.75 to 0.86)``."""
    if isinstance(cell, str):
        return unmarked(cell)
    spread, between = sd_text(cell, column), interval_text(cell, column)
    return (
        value_text(cell, column)
        + (f" ± {spread}" if spread else "")
        + (f" ({between})" if between else "")
    )


def _aligned(heads: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> str:
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    lines = []
    for row in (heads, *rows):
        cells = [
            text.ljust(width) if place < left else text.rjust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _words(table: ResultTable) -> int:
    """How many of the first columns are words."""
    return next(
        (p for p in _places(table) if any(isinstance(row[p], Figure) for row in table.rows)),
        len(table.columns),
    )


def _places(table: ResultTable) -> range:
    return range(len(table.columns))


def _line(cells: Sequence[Any]) -> str:
    texts = (str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells)
    return f"| {' | '.join(texts)} |"


_WRITERS: Mapping[str, Callable[[ResultTables], str]] = {
    "text": _to_text,
    "csv": _to_csv,
    "latex": to_latex,
    "markdown": _to_markdown,
}
