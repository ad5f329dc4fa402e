"""Which datasets there are, and which of them are on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark_n.datasets.base import DATASETS, Dataset
from benchmark_n.datasets.open import default_root
from benchmark_n.errors import BenchmarkNError


@dataclass(frozen=True)
class CatalogueEntry:
    """A dataset, where it was looked for, and the splits whose labels are there."""

    dataset: Dataset
    root: Path
    found: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        known = self.dataset
        return {
            "name": known.name,
            "benchmark": known.title,
            "splits": list(known.splits),
            "size": known.size,
            "licence": known.licence,
            "redistribution": known.redistribution,
            "homepage": known.homepage,
            "embedded": known.embedded,
            "root": str(self.root),
            "found": list(self.found),
            "steps": list(known.steps),
        }


def catalogue(root: Path | str | None = None) -> list[CatalogueEntry]:
    """All datasets; `root` replaces the folder that each is looked for in.

    Embedded datasets count as found: they are drawn on demand.
    """
    entries = []
    for name in DATASETS.names():
        dataset: Dataset = DATASETS.load(name)
        place = Path(root) if root is not None else default_root(dataset)
        found = tuple(split for split in dataset.splits if _is_there(dataset, place, split))
        entries.append(CatalogueEntry(dataset, place, found))
    return entries


def _is_there(dataset: Dataset, root: Path, split: str) -> bool:
    try:
        dataset.locate(root, split)
    except BenchmarkNError:
        return False
    return True
