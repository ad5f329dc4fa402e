"""Manifest rows under construction: what every way of making annotations fills alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmark_n.benchmark.schema import BOX_PARTS

Columns = dict[str, list[Any]]


def box_columns(prefix: str, boxes: Sequence[Sequence[int] | None]) -> Columns:
    """Four columns of a list of boxes [x, y, width, height] (px); None is null."""
    parts = zip(*(box or (None,) * 4 for box in boxes), strict=True)
    return {f"{prefix}_{name}": list(part) for name, part in zip(BOX_PARTS, parts, strict=True)}
