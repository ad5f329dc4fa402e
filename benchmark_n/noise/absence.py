"""Absence: instances that nobody annotated, small ones and some categories more often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile
from benchmark_n.coco.lacking_masks import areas_of
from benchmark_n.noise.base import Kind, Noise
from benchmark_n.noise.where import named_categories


@dataclass(frozen=True)
class Absence(Noise):
    """The instance is missing; its chance is a logistic line in the logarithm of its area.

    Parameters
    ----------
    probability
        Of an instance of `area` px².
    slope
        What the logit changes by where the area is e times as large; below 0 small instances are
        missed more often.
    area
        Of the mask, px², at which `probability` and `categories` hold.
    categories
        Category name to its own probability in place of `probability`.

    Examples
    --------
    >>> noise = Absence(0.2, slope=-0.5, area=1000)
    >>> noise.chances(np.array([0.2, 0.2]), np.array([1000.0, 4000.0])).round(3).tolist()
    [0.2, 0.111]
    """

    name: ClassVar[str] = "absence"
    kind: ClassVar[Kind] = "deletion"

    slope: float = 0.0
    area: float = 1024.0
    categories: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(abs(self.slope) <= 10, "slope", "a number from -10 to 10")
        self.require(1 <= self.area <= 1e12, "area", "1 px² or more")
        shares = all(0 <= share <= 1 for share in self.categories.values())
        self.require(shares, "categories", "probabilities from 0 to 1 by category name")

    def chances(
        self, probability: NDArray[np.float64], areas: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Of instances of these areas (px²), by their probability at `area`; float64 (N,)."""
        odds = np.exp(self.slope * np.log(np.maximum(areas, 1.0) / self.area))
        present = 1 - probability
        return np.asarray(probability * odds / (probability * odds + present), np.float64)

    def chances_in(self, coco: CocoFile) -> NDArray[np.float64]:
        """Of all annotations of a file, float64 (N,); with a `slope` their masks are read.

        Raises
        ------
        InputError
            A category that the file lacks, or a segmentation that is no mask of its image.
        """
        at_area = np.full(len(coco), self.probability)
        for name, share in self.categories.items():
            at_area[np.isin(coco.category_ids, named_categories([name], coco))] = share
        if self.slope:
            rows = np.flatnonzero(~coco.crowd)
            at_area[rows] = self.chances(at_area[rows], areas_of(coco, rows.tolist()))
        return at_area
