"""Outlines that are too simple, cross themselves, or are next to nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from benchmark_n.detection.structure.measurements import Measurements
from benchmark_n.detection.structure.rules.base import Finding, Level, Rule, between


@dataclass(frozen=True)
class FewVertices(Rule):
    """Polygons of too few points for what they outline, boxes left to `BoxMask`.

    Parameters
    ----------
    vertices
        Points at most.
    least_area
        px²: of small things three or four points are enough.
    below_median
        Points at most, as a share of the median of the category's large polygons.
    fill
        From this share of its box on, a polygon is a rectangle.
    """

    name: ClassVar[str] = "few_vertices"
    finds: ClassVar[str] = "a large outline of three points, unlike its category's"
    advice: ClassVar[str] = "draw the outline anew"
    probability: ClassVar[tuple[float, float]] = (0.5, 0.9)

    vertices: int = 3
    least_area: float = 1024.0
    below_median: float = 0.5
    fill: float = 0.85

    def find(self, measured: Measurements) -> list[Finding]:
        with np.errstate(invalid="ignore"):
            large = measured.instances & (measured["area"] >= self.least_area)
            large &= ~np.isnan(measured["vertices"])
        found = []
        for category in np.unique(measured.coco.category_ids[large]).tolist():
            own = np.flatnonzero(large & (measured.coco.category_ids == category))
            points = measured["vertices"][own]
            median = float(np.median(points))
            few = (points <= self.vertices) & (points <= self.below_median * median)
            few &= measured["outline_fill"][own] < self.fill
            for i, count in zip(own[few].tolist(), points[few].tolist(), strict=True):
                what = f"{count:.0f} points, the category's median is {median:.0f}"
                severity = between(count / median, self.below_median, 0.0)
                found.append(Finding(what, severity, (i,)))
        return sorted(found, key=lambda finding: finding.places)


@dataclass(frozen=True)
class SelfCrossing(Rule):
    """Polygons that cross themselves so that area is lost.

    Parameters
    ----------
    share
        See `crossing_share`.
    """

    name: ClassVar[str] = "self_crossing"
    finds: ClassVar[str] = "a polygon that crosses itself"
    advice: ClassVar[str] = "put its points in order"
    probability: ClassVar[tuple[float, float]] = (0.6, 0.95)

    share: float = 0.02

    def find(self, measured: Measurements) -> list[Finding]:
        crossing = np.nan_to_num(measured["crossing"])
        chosen = ~measured.coco.crowd & (crossing >= self.share)
        return [
            Finding(
                f"{100 * crossing[i]:.0f} % of its area is lost or walked around twice",
                between(crossing[i], self.share, 0.5),
                (i,),
            )
            for i in np.flatnonzero(chosen).tolist()
        ]


@dataclass(frozen=True)
class Sliver(Rule):
    """Masks as thin as a line.

    Parameters
    ----------
    thickness
        Diameter of the largest disc in the mask, px, below which it is a line.
    """

    name: ClassVar[str] = "sliver"
    level: ClassVar[Level] = "hint"
    finds: ClassVar[str] = "a mask as thin as a line"
    advice: ClassVar[str] = "see whether a stray click made it"
    probability: ClassVar[tuple[float, float]] = (0.2, 0.4)

    thickness: float = 2.0

    def find(self, measured: Measurements) -> list[Finding]:
        with np.errstate(invalid="ignore"):
            thin = measured.instances & (measured["thickness"] < self.thickness)
        return [
            Finding(
                f"{measured['area'][i]:.0f} px, nowhere wider than {self.thickness:g} px",
                between(measured["thickness"][i], self.thickness, 0.0),
                (i,),
            )
            for i in np.flatnonzero(thin).tolist()
        ]


@dataclass(frozen=True)
class Crumbs(Rule):
    """Large masks with parts of a few pixels.

    Parameters
    ----------
    pixels
        Of the smallest part, at most.
    share
        Of the mask, at most.
    """

    name: ClassVar[str] = "crumbs"
    level: ClassVar[Level] = "hint"
    finds: ClassVar[str] = "a mask with a part of a few pixels"
    advice: ClassVar[str] = "remove the part: metrics of the boundary count it"
    probability: ClassVar[tuple[float, float]] = (0.2, 0.4)

    pixels: int = 4
    share: float = 0.01

    def find(self, measured: Measurements) -> list[Finding]:
        smallest, parts = measured["smallest_part"], measured["parts"]
        with np.errstate(invalid="ignore"):
            chosen = measured.instances & (parts > 1) & (smallest <= self.pixels)
            chosen &= smallest <= self.share * measured["area"]
        return [
            Finding(f"{parts[i]:.0f} parts, the smallest of {smallest[i]:.0f} px", 0.0, (i,))
            for i in np.flatnonzero(chosen).tolist()
        ]
