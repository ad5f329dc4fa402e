"""A table of results, as all commands have it before it becomes text, CSV, LaTeX or Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Spread = tuple[float, float]


@dataclass(frozen=True)
class Column:
    """A column.

    Parameters
    ----------
    name
        Its header.
    digits
        Decimals of its figures.
    best
        Whether its highest or its lowest figure is the best, which formats with bold print so;
        None where neither is, as of counts and of words.
    scale
        What its figures are multiplied by when they are shown: 100 for percent.

    Examples
    --------
    >>> Column("mask AP", 2, "highest", 100).name
    'mask AP'
    """

    name: str
    digits: int = 3
    best: Literal["highest", "lowest"] | None = None
    scale: float = 1


@dataclass(frozen=True)
class Figure:
    """A figure, with what is known of how sure it is.

    Parameters
    ----------
    value
        None where it is not defined.
    interval
        Its 95 % interval.
    sd
        Standard deviation over seeds, of a sample (n - 1).
    """

    value: float | int | None
    interval: Spread | None = None
    sd: float | None = None


Cell = str | Figure


@dataclass(frozen=True)
class ResultTable:
    """Rows of words and figures under their columns.

    Parameters
    ----------
    title
        What the table is of.
    columns, rows
        Each row has a cell for each column.
    notes
        What belongs below the table: units, legend.
    unranked
        Places of rows that are no competitors, such as floors: none of their figures is the best.

    Raises
    ------
    ValueError
        A row with another number of cells than there are columns.

    Examples
    --------
    >>> columns = Column("detector"), Column("F1", best="highest")
    >>> table = ResultTable("on scenes", columns, (("a", Figure(0.5)), ("b", Figure(0.7))))
    >>> sorted(table.best_cells())
    [(1, 1)]
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    unranked: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        wrong = next((row for row in self.rows if len(row) != len(self.columns)), None)
        if wrong is not None:
            raise ValueError(f"{len(wrong)} cells in a row of {len(self.columns)} columns: {wrong}")

    def figures(self, place: int) -> Iterator[tuple[int, Figure]]:
        """The figures of one column with the places of their rows."""
        for number, row in enumerate(self.rows):
            cell = row[place]
            if isinstance(cell, Figure):
                yield number, cell

    def best_cells(self) -> set[tuple[int, int]]:
        """(row, column) of the best figure of each column; figures that look equal all are."""
        found = set()
        for place, column in enumerate(self.columns):
            shown = {
                row: round(column.scale * figure.value, column.digits)
                for row, figure in self.figures(place)
                if figure.value is not None and row not in self.unranked
            }
            if column.best and shown:
                top = (max if column.best == "highest" else min)(shown.values())
                found |= {(row, place) for row, value in shown.items() if value == top}
        return found


@dataclass(frozen=True)
class ResultTables:
    """All tables of one command, and what they were made with.

    Parameters
    ----------
    provenance
        A line each: versions, recipe, seeds, SHA-256.
    """

    tables: Sequence[ResultTable]
    provenance: Sequence[str] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "tables": [{**asdict(one), "unranked": sorted(one.unranked)} for one in self.tables],
            "provenance": list(self.provenance),
        }


def value_text(figure: Figure, column: Column) -> str:
    """A figure's value as tables show it; a dash where it is not defined.

    >>> value_text(Figure(0.5), Column("AP", 1, scale=100)), value_text(Figure(None), Column("AP"))
    ('50.0', '-')
    """
    if figure.value is None:
        return "-"
    return f"{column.scale * figure.value:.{column.digits}f}"


def interval_text(figure: Figure, column: Column, between: str = " to ") -> str:
    """Its interval; empty where there is none.

    >>> interval_text(Figure(0.5, (0.4, 0.62)), Column("AP", 1, scale=100))
    '40.0 to 62.0'
    """
    if figure.value is None or figure.interval is None:
        return ""
    return between.join(f"{column.scale * end:.{column.digits}f}" for end in figure.interval)


def sd_text(figure: Figure, column: Column) -> str:
    """Its standard deviation over seeds; empty where there is none."""
    if figure.value is None or figure.sd is None:
        return ""
    return f"{abs(column.scale) * figure.sd:.{column.digits}f}"
