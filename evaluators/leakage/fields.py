"""Further fields of records as columns that can be tested: dotted paths, values, numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmark_n.evaluators.leakage.published import Flags, Floats, Ints

_DEEP = 3
_COMMON = 8
_LENGTH = " (length)"


@dataclass(frozen=True)
class Column:
    """A field, or a part of one, of N records.

    Parameters
    ----------
    codes
        int64 (N,): equal where the values are; 0 where there is none.
    texts
        The value of each code, as text.
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
    """A field of N records as columns: objects by their keys, lists as text and by length."""
    return [_column(path, found) for path, found in sorted(_paths(name, values, _DEEP).items())]


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
    named = [by_text.get(text.casefold().strip('"')) for text in column.texts]
    if column.is_length or not any(identity is not None for identity in named[1:]):
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


def _column(name: str, values: Sequence[Any]) -> Column:
    seen: dict[str, int] = {"": 0}
    texts = ["" if v is None else json.dumps(v, sort_keys=True) for v in values]
    codes = np.fromiter((seen.setdefault(text, len(seen)) for text in texts), np.int64, len(texts))
    numbers = np.fromiter((_number(value) for value in values), np.float64, len(values))
    return Column(name, codes, list(seen), None if np.isnan(numbers).all() else numbers)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")
