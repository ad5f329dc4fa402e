"""Rows of an experiment, kept so that a run that was stopped goes on where it was.

A file of JSON lines is replaced as a whole after each experiment and seed, so that it holds all
rows of a seed or none. What cannot be used is measured again, and told.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Key = tuple[str, str, int]
Tell = Callable[[str], None]


class Log:
    """Lines with the time, on stderr and at the end of a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, line: str) -> None:
        text = f"{datetime.now():%Y-%m-%d %H:%M:%S} {line}"
        print(text, file=sys.stderr)
        with self.path.open("a") as file:
            file.write(f"{text}\n")


def key_of(row: Row) -> Key:
    """What a row is a result of."""
    return row["noise"], row["backbone"], row["seed"]


def read_rows(path: Path, *, with_floors: bool, tell: Tell) -> list[Row]:
    """The rows of a file that can be used; none without a file.

    Parameters
    ----------
    with_floors
        Whether each experiment and seed has rows of floors: those without were measured before
        there were any.
    """
    if not path.is_file():
        return []
    rows: list[Row] = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            # Rows of a seed lie together: those before it may be of the same.
            part = key_of(rows[-1]) if rows else None
            rows = [row for row in rows if key_of(row) != part]
            tell(f"{path.name}: line {number} is cut off: its seed is measured again")
    if not with_floors:
        return rows
    complete = {key_of(row) for row in rows if row["detector"].startswith("floor: ")}
    kept = [row for row in rows if key_of(row) in complete]
    if len(kept) < len(rows):
        tell(f"{path.name}: {len(rows) - len(kept)} rows are without floors: measured again")
    return kept


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """All rows, in place of what the file held."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_text("".join(json.dumps(row) + "\n" for row in rows))
    os.replace(beside, path)
