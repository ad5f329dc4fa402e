"""Figures of several seeds as the cells of a Markdown table; what all `bench_*.py` share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

Spread = Sequence[float | None]


def spread(values: Iterable[float | None]) -> list[float | None] | None:
    """[mean, standard deviation (n - 1)] of the values that there are; of one value it has none."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    return [float(np.mean(known)), float(np.std(known, ddof=1)) if len(known) > 1 else None]


def cell(figure: Spread | None, form: str = ".3f") -> str:
    """Mean ± standard deviation.

    >>> cell([0.8112, 0.034]), cell([0.8112, None]), cell(None)
    ('0.811 ± 0.034', '0.811', '-')
    """
    if figure is None:
        return "-"
    return " ± ".join(f"{value:{form}}" for value in figure if value is not None)


def markdown(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table.

    >>> print(markdown(["a", "b"], [[1, "x"]]), end="")
    | a | b |
    |---|---|
    | 1 | x |
    """
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join(lines) + "\n"
