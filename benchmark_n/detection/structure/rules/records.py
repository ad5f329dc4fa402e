"""Boxes and areas of records that are not those of their masks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from benchmark_n.detection.structure.measurements import Floats, Measurements
from benchmark_n.detection.structure.rules.base import Finding, Rule, between


@dataclass(frozen=True)
class BoxMismatch(Rule):
    """Boxes that are neither those of the pixels nor those of the polygons.

    Parameters
    ----------
    pixels, share
        How far an edge may be off: px, or of the box's longer side, whichever is more.
    """

    name: ClassVar[str] = "box_mismatch"
    kind: ClassVar[str | None] = None
    finds: ClassVar[str] = "a box that is not its mask's"
    advice: ClassVar[str] = "compute the boxes from the masks, or find which of the two is old"
    probability: ClassVar[tuple[float, float]] = (0.6, 0.95)

    pixels: float = 3.0
    share: float = 0.05

    def find(self, measured: Measurements) -> list[Finding]:
        off = np.fmin(_edges_off(measured, "x"), _edges_off(measured, "outline_x"))
        longer = np.fmax(measured["width"], measured["height"])
        with np.errstate(invalid="ignore"):
            chosen = measured.instances & (off > np.fmax(self.pixels, self.share * longer))
        return [
            Finding(
                f"an edge is {off[i]:.0f} px off", between(off[i] / longer[i], self.share, 1), (i,)
            )
            for i in np.flatnonzero(chosen).tolist()
        ]


def _edges_off(measured: Measurements, name: str) -> Floats:
    """How far the edge of a record's box that is most off is from those of the measured box."""
    prefix = name.removesuffix("x")
    given, own = (
        [measured[f"{p}{side}"] for side in ("x", "y", "width", "height")]
        for p in ("given_", prefix)
    )
    edges = [given[0] - own[0], given[1] - own[1]]
    edges += [edges[0] + given[2] - own[2], edges[1] + given[3] - own[3]]
    off: Floats = np.abs(np.stack(edges)).max(axis=0)
    return off


@dataclass(frozen=True)
class AreaMismatch(Rule):
    """Areas that are neither those of the pixels nor those of the polygons.

    Parameters
    ----------
    share
        How far an area may be off, as a share of the mask's.
    pixels
        And in px².
    """

    name: ClassVar[str] = "area_mismatch"
    kind: ClassVar[str | None] = None
    finds: ClassVar[str] = "an area that is not its mask's"
    advice: ClassVar[str] = "compute the areas from the masks: COCO's sizes go by them"
    probability: ClassVar[tuple[float, float]] = (0.6, 0.95)

    share: float = 0.1
    pixels: float = 16.0

    def find(self, measured: Measurements) -> list[Finding]:
        given, area = measured["given_area"], measured["area"]
        off = np.fmin(np.abs(given - area), np.abs(given - measured["outline_area"]))
        with np.errstate(invalid="ignore"):
            chosen = measured.instances & (off > np.fmax(self.pixels, self.share * area))
        boxed = np.abs(given - measured["given_width"] * measured["given_height"]) < 1
        return [
            Finding(
                f"area {given[i]:g}, the mask has {area[i]:.0f} px²"
                + (", the box as much" if boxed[i] else ""),
                between(off[i] / area[i], self.share, 1.0),
                (i,),
            )
            for i in np.flatnonzero(chosen).tolist()
        ]
