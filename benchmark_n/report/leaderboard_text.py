"""A leaderboard as tables, in Markdown and as a page."""

from __future__ import annotations

import json
from typing import Any

from benchmark_n.benchmark.leaks import leak_lines
from benchmark_n.report.leaderboard import HEADERS, NAMES, Leaderboard, Row
from benchmark_n.report.pages import LEGEND, MEASURES, measure_columns, page_template
from benchmark_n.report.result_table import Cell, Column, Figure, ResultTable, ResultTables
from benchmark_n.report.table_formats import markdown_tables

# The page has what else is to be said of a detector below its name.
PAGE_HEADERS = (NAMES[0], NAMES[-1], *HEADERS[len(NAMES) :])


def to_tables(board: Leaderboard) -> ResultTables:
    """A table for each provenance of the evidence and kind of error, floors among its rows."""
    columns = (*map(Column, NAMES), *measure_columns())
    tables = []
    for trained_on, kinds in board.tables.items():
        for kind in kinds:
            rows = board.ranked(trained_on, kind)
            floors = frozenset(place for place, row in enumerate(rows) if not row.against)
            title = f"Evidence trained on {trained_on}: {kind.replace('_', ' ')}"
            tables.append(ResultTable(title, columns, tuple(map(_cells, rows)), (), floors))
    return ResultTables(tables, (_title(board), _about(board), LEGEND))


def _cells(row: Row) -> tuple[Cell, ...]:
    figures = (
        Figure(row.measures[name], _spread(row, name, digits)) for name, _, digits in MEASURES
    )
    return (*row.names(), *figures)


def _spread(row: Row, name: str, digits: int) -> tuple[float, float] | None:
    """The interval of a measure that is no count."""
    found = row.intervals.get(name) if digits else None
    return None if found is None else (found[0], found[1])


def to_markdown(board: Leaderboard) -> str:
    """The tables in Markdown."""
    found = to_tables(board)
    parts = [f"## {table.title}\n\n{markdown_tables(table)}" for table in found.tables]
    return "\n".join([f"# {_title(board)}\n\n{_about(board)}\n\n{LEGEND}\n", *parts])


def to_html(board: Leaderboard) -> str:
    """The tables as one page that needs no network."""
    return page_template("leaderboard.html").render(
        title=_title(board),
        about=_about(board),
        legend=LEGEND,
        headers=PAGE_HEADERS,
        board=board,
    )


def _title(board: Leaderboard) -> str:
    told = board.benchmark
    made = "sealed" if told["seed"] is None else f"seed {told['seed']}"
    return f"Label-error detectors on {told['benchmark']} {told['name']}, {made}"


def _about(board: Leaderboard) -> str:
    told = board.benchmark
    settings = f"a mask is wrong by truth {_truth(board.settings['truth'])}"
    lines = [*board.units, *leak_lines(board.leaks)]
    return (
        f"Recipe {told['recipe_sha256'][:12]}, source {told['source_sha256'][:12]}; {settings}; "
        "with 95 % bootstrap intervals."
        + "".join(f" {line[0].upper()}{line[1:]}." for line in lines)
    )


def _truth(stated: Any) -> str:
    """Rule, bar and version of the truth in words."""
    if not isinstance(stated, dict) or "name" not in stated:
        return str(stated)
    bar = stated.get("bar")
    at = f" below {json.dumps(bar)}" if bar is not None else ""
    left = ", slighter changes left out" if stated.get("leave_out") else ""
    return f"{stated['name']}{at} (version {stated.get('version')}){left}"
