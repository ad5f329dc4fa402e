"""What stands out beside the rest of the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from benchmark_n.detection.structure.measurements import Measurements
from benchmark_n.detection.structure.rules.base import Finding, Level, Rule, between

_TO_SIGMA = 1.4826  # times the median absolute deviation of a normal distribution


@dataclass(frozen=True)
class UnlikeSize(Rule):
    """Masks, or boxes, of a size unlike that of their category in the file.

    Parameters
    ----------
    deviations
        Robust z-score of the logarithm of the area: its distance from the category's median, in
        1.4826 median absolute deviations.
    least
        Annotations of the category.
    least_spread
        Lower bound of a deviation, in units of the logarithm: things of one size are no measure.
    """

    name: ClassVar[str] = "unlike_size"
    level: ClassVar[Level] = "hint"
    finds: ClassVar[str] = "a size unlike the category's"
    advice: ClassVar[str] = "see whether the category is right"
    probability: ClassVar[tuple[float, float]] = (0.1, 0.3)

    deviations: float = 3.5
    least: int = 20
    least_spread: float = 0.2

    def find(self, measured: Measurements) -> list[Finding]:
        extent, categories = measured.extent, measured.coco.category_ids
        sized = ~measured.coco.crowd & (np.nan_to_num(extent) > 0)
        found = []
        for category in np.unique(categories[sized]).tolist():
            own = np.flatnonzero(sized & (categories == category))
            if len(own) < self.least:
                continue
            logs = np.log(extent[own])
            off = logs - np.median(logs)
            spread = max(_TO_SIGMA * float(np.median(np.abs(off))), self.least_spread)
            for i, z in zip(own.tolist(), (off / spread).tolist(), strict=True):
                if abs(z) >= self.deviations:
                    what = f"{extent[i]:.0f} px², {abs(z):.1f} deviations from the median"
                    severity = between(abs(z), self.deviations, 8)
                    found.append(Finding(what, severity, (i,)))
        return sorted(found, key=lambda finding: finding.places)


@dataclass(frozen=True)
class CategoryOnce(Rule):
    """Categories with a single annotation."""

    name: ClassVar[str] = "category_once"
    level: ClassVar[Level] = "hint"
    kind: ClassVar[str | None] = "class"
    finds: ClassVar[str] = "a category that is used once"
    advice: ClassVar[str] = "see whether it is another one misspelt or mistaken"
    probability: ClassVar[tuple[float, float]] = (0.1, 0.1)

    def find(self, measured: Measurements) -> list[Finding]:
        categories = measured.coco.category_ids
        unique, first, counts = np.unique(categories, return_index=True, return_counts=True)
        once = sorted(first[counts == 1].tolist()) if len(unique) > 1 else []
        return [Finding("the only one of its category", 0.0, (place,)) for place in once]


@dataclass(frozen=True)
class NoAnnotations(Rule):
    """Images without any annotation."""

    name: ClassVar[str] = "no_annotations"
    level: ClassVar[Level] = "hint"
    kind: ClassVar[str | None] = None
    finds: ClassVar[str] = "an image without annotations"
    advice: ClassVar[str] = "see whether it was left out, or is empty"
    probability: ClassVar[tuple[float, float]] = (0.2, 0.2)

    def find(self, measured: Measurements) -> list[Finding]:
        annotated = set(measured.coco.image_ids.tolist())
        return [
            Finding("nothing is annotated", image_id=image)
            for image in measured.coco.images
            if image not in annotated
        ]
