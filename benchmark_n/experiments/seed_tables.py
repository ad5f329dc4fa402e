"""Figures of several seeds as means ± standard deviations, and as Markdown tables.

The tables of all experiments are written by these: a mean without its spread over seeds says
little, and a standard deviation is that of a sample (n - 1).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from benchmark_n.report.table_formats import markdown_table

Spread = Sequence[float | None]


def spread(values: Iterable[float | None]) -> list[float | None] | None:
    """Mean and standard deviation (n - 1) of the values that there are.

    Returns
    -------
    list
        [mean, standard deviation]; the latter is None for one value, and all is None for none.

    Examples
    --------
    >>> spread([1.0, None, 3.0]), spread([2.0]), spread([None])
    ([2.0, 1.4142135623730951], [2.0, None], None)
    """
    known = [value for value in values if value is not None]
    if not known:
        return None
    return [float(np.mean(known)), float(np.std(known, ddof=1)) if len(known) > 1 else None]


def cell(figure: Spread | None, form: str = ".3f") -> str:
    """Mean ± standard deviation, each in the format `form`; a dash where there is no figure.

    Examples
    --------
    >>> cell([0.8112, 0.034]), cell([0.8112, None]), cell(None)
    ('0.811 ± 0.034', '0.811', '-')
    """
    if figure is None:
        return "-"
    return " ± ".join(f"{value:{form}}" for value in figure if value is not None)


def markdown(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A Markdown table; cells are written by `str`.

    Examples
    --------
    >>> print(markdown(["a", "b"], [[1, "x"]]), end="")
    | a | b |
    |---|---|
    | 1 | x |
    """
    return markdown_table(heads, rows, len(heads))
