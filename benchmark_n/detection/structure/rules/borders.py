"""Annotations beyond the image, and along its border."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from benchmark_n.detection.structure.measurements import Measurements
from benchmark_n.detection.structure.rules.base import Finding, Rule, between


@dataclass(frozen=True)
class Outside(Rule):
    """Polygons or boxes that leave the image.

    Parameters
    ----------
    pixels
        How far they may leave it, px: tools round.
    """

    name: ClassVar[str] = "outside"
    finds: ClassVar[str] = "a polygon or box that leaves the image"
    advice: ClassVar[str] = "see whether the picture was turned or resized; else clip it"
    probability: ClassVar[tuple[float, float]] = (0.6, 0.95)

    pixels: float = 2.0

    def find(self, measured: Measurements) -> list[Finding]:
        beyond = measured["beyond"]
        return [
            Finding(f"{beyond[i]:.0f} px beyond the image", between(beyond[i], 2, 50), (i,))
            for i in np.flatnonzero((beyond > self.pixels) & ~measured.coco.crowd).tolist()
        ]


@dataclass(frozen=True)
class BorderStrip(Rule):
    """Masks that are a strip along the image's border.

    Parameters
    ----------
    share
        Of the mask's pixels, those among the two outermost of the image.
    length
        Longer side of the mask's box, px.
    """

    name: ClassVar[str] = "border_strip"
    finds: ClassVar[str] = "a strip along the border of the image"
    advice: ClassVar[str] = "see whether the thing is in the image at all"
    probability: ClassVar[tuple[float, float]] = (0.4, 0.8)

    share: float = 0.6
    length: float = 16.0

    def find(self, measured: Measurements) -> list[Finding]:
        share = measured["border_share"]
        longer = np.fmax(measured["width"], measured["height"])
        with np.errstate(invalid="ignore"):
            chosen = measured.instances & (share >= self.share) & (longer >= self.length)
        return [
            Finding(
                f"{100 * share[i]:.0f} % of its pixels are at the border",
                between(share[i], self.share, 1.0),
                (i,),
            )
            for i in np.flatnonzero(chosen).tolist()
        ]
