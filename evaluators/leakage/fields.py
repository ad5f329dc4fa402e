"""Further fields of records as columns that can be tested: dotted paths, values, numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from benchmark_n.evaluators.leakage.published import Flags, Floats, Ints

_DEEP = 3
_COMMON = 8
_LENGTH = " (length)"
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Column:
    """A field, or a part of one, of N records.

    Parameters
    ----------
    codes
        int64 (N,): equal where the values are; 0 where there is none.
    texts
        The value of each code, as JSON.
    numbers
        float64 (N,), NaN where the value is no number; None where none is.
    """

    name: str
    codes: Ints
    texts: Sequence[str]
    numbers: Floats | None

    @property
    def is_length(self) -> bool:
        """Whether it is the length of a list."""
        return self.name.endswith(_LENGTH)

    @property
    def present(self) -> Flags:
        """bool (N,): which records have it."""
        return self.codes > 0

    def common(self) -> list[int]:
        """Codes of the most common values, none where there is but one."""
        counts = np.bincount(self.codes, minlength=len(self.texts))
        order = np.argsort(-counts, kind="stable")[:_COMMON].tolist()
        return [code for code in order if code > 0 and 1 < counts[code] < len(self.codes)]


def columns(name: str, values: Sequence[Any]) -> list[Column]:
    """A field of N records as columns: objects by their keys, lists as text and by length.

    Examples
    --------
    >>> [column.name for column in columns("note", [{"by": "anna"}, {"by": "ben", "tags": [1, 2]}])]
    ['note.by', 'note.tags', 'note.tags (length)']
    """
    seen: dict[bytes, int] = {}  # Each value is looked at once, however many records have it.
    codes = np.fromiter(
        (seen.setdefault(_encode(value), len(seen)) for value in values), np.int64, len(values)
    )
    parts = _paths(name, [msgspec.json.decode(text) for text in seen], _DEEP)
    return [_column(path, found, codes) for path, found in sorted(parts.items())]


def names_category(column: Column, categories: Ints, names: Mapping[int, str]) -> Ints | None:
    """Whether a value names, by name or id, another category (2), none (1) or the published (0).

    None where no value names any.

    Parameters
    ----------
    categories
        Published category ids, int64 (N,).
    """
    by_text = {str(identity): identity for identity in names}
    by_text |= {name.casefold(): identity for identity, name in names.items() if name}
    named = [None, *(by_text.get(text.casefold().strip('"')) for text in column.texts[1:])]
    if column.is_length or not any(identity is not None for identity in named):
        return None
    known = np.array([identity is not None for identity in named])
    meant = np.array([0 if identity is None else identity for identity in named], np.int64)
    other = meant[column.codes] != categories
    return np.where(known[column.codes], 2 * other, 1).astype(np.int64)


def _paths(name: str, values: Sequence[Any], deep: int) -> dict[str, list[Any]]:
    if deep and any(isinstance(value, dict) for value in values):
        keys = sorted({key for value in values if isinstance(value, dict) for key in value})
        parts = [
            _paths(f"{name}.{key}", [_part(value, key) for value in values], deep - 1)
            for key in keys
        ]
        return {path: found for part in parts for path, found in part.items()}
    paths = {name: list(values)}
    if any(isinstance(value, list) for value in values):
        paths[name + _LENGTH] = [len(v) if isinstance(v, list) else None for v in values]
    return paths


def _part(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _column(name: str, values: Sequence[Any], places: Ints) -> Column:
    """The column of records that have the values at `places`."""
    seen = {b"null": 0}
    texts = [_encode(value) for value in values]
    codes = np.array([seen.setdefault(text, len(seen)) for text in texts], np.int64)
    numbers = np.array([_number(value) for value in values], np.float64)
    known = None if np.isnan(numbers).all() else numbers[places]
    return Column(name, codes[places], [text.decode() for text in seen], known)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")
