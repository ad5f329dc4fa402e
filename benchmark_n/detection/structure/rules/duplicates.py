"""Two annotations of one thing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmark_n.detection.structure.measurements import Measurements, Pairs
from benchmark_n.detection.structure.rules.base import Finding, Rule, between


@dataclass(frozen=True)
class Duplicate(Rule):
    """Two annotations of one category whose masks are the same, or a copy moved by a little.

    Parameters
    ----------
    iou
        IoU from which two masks are the same.
    moved_iou, least_iou
        Two masks are copies where their IoU is `moved_iou` or more once one is laid on the other,
        and `least_iou` as they are.
    """

    name: ClassVar[str] = "duplicate"
    finds: ClassVar[str] = "two annotations of one category with (nearly) the same mask"
    advice: ClassVar[str] = "remove one of the two"
    probability: ClassVar[tuple[float, float]] = (0.85, 0.98)

    iou: float = 0.8
    moved_iou: float = 0.95
    least_iou: float = 0.5

    def find(self, measured: Measurements) -> list[Finding]:
        pairs = measured.pairs
        copies = (pairs.moved_iou >= self.moved_iou) & (pairs.iou >= self.least_iou)
        same = _same_category(measured)
        return list(_findings(pairs, same & ((pairs.iou >= self.iou) | copies), self.least_iou))


@dataclass(frozen=True)
class TwoCategories(Rule):
    """Two annotations of different categories with (nearly) the same mask: one thing, two names.

    Parameters
    ----------
    iou
        IoU from which two masks are the same.
    """

    name: ClassVar[str] = "two_categories"
    kind: ClassVar[str | None] = "class"
    finds: ClassVar[str] = "two annotations of different categories with (nearly) the same mask"
    advice: ClassVar[str] = "keep the one whose category is right"
    probability: ClassVar[tuple[float, float]] = (0.8, 0.95)

    iou: float = 0.8

    def find(self, measured: Measurements) -> list[Finding]:
        chosen = ~_same_category(measured) & (measured.pairs.iou >= self.iou)
        return list(_findings(measured.pairs, chosen, self.iou))


def _same_category(measured: Measurements) -> NDArray[np.bool_]:
    categories, pairs = measured.coco.category_ids, measured.pairs
    same: NDArray[np.bool_] = categories[pairs.first] == categories[pairs.second]
    return same


def _findings(pairs: Pairs, chosen: NDArray[np.bool_], low: float) -> Iterator[Finding]:
    """The later of two annotations is the suspected one."""
    for k in np.flatnonzero(chosen).tolist():
        iou = float(pairs.iou[k])
        places = (int(pairs.second[k]), int(pairs.first[k]))
        yield Finding(f"IoU {iou:.2f}", between(iou, low, 1.0), places)
