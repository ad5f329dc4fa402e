"""Result tables as one page whose columns can be sorted by."""

from __future__ import annotations

from benchmark_n.report.pages import page_template
from benchmark_n.report.result_table import (
    Cell,
    Column,
    ResultTables,
    interval_text,
    sd_text,
    value_text,
)


def board_page(board: ResultTables, title: str) -> str:
    """The tables as HTML that needs no network and is no wider than its window."""
    cells = [
        [list(map(_texts, row, table.columns)) for row in table.rows] for table in board.tables
    ]
    return page_template("board.html").render(title=title, board=board, cells=cells)


def _texts(cell: Cell, column: Column) -> tuple[str, str]:
    """What stands in a cell, and what stands below it in small."""
    if isinstance(cell, str):
        return cell, ""
    parts = f"± {sd_text(cell, column)}", interval_text(cell, column)
    return value_text(cell, column), ", ".join(part for part in parts if part.strip("± "))
