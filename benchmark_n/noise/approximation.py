"""Approximation noise: contours drawn with too few vertices."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import cv2

from benchmark_n.masks import CropMask
from benchmark_n.masks.contours import Contour, fill_contours, find_contours
from benchmark_n.noise.base import MOST_PIXELS, Drawn, NotApplied, SpatialNoise
from benchmark_n.runtime.random_streams import Stream

_FEWEST_VERTICES = 3


@dataclass(frozen=True)
class Approximation(SpatialNoise):
    """Douglas-Peucker on every contour with tolerance ``max(0, X)``, X ~ N(mu, (r mu)^2) px.

    Parameters
    ----------
    tolerance
        Mean mu of the tolerance, px.
    relative_sd
        Ratio r of the tolerance's standard deviation to its mean.
    contours
        ``"all"``, or ``"outer"`` to fill the holes, as the released code does.

    References
    ----------
    .. [1] Kimhi et al.: Noisy Annotations in Semantic Segmentation, 2025, Section 2.2.
    .. [2] Douglas, Peucker: Algorithms for the reduction of the number of points required to
           represent a digitized line or its caricature, Cartographica 10(2), 1973.
    """

    name: ClassVar[str] = "approximation"
    columns: ClassVar[Mapping[str, str]] = {"tolerance": "double"}

    tolerance: float
    relative_sd: float = 1 / 3
    contours: Literal["all", "outer"] = "all"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(0 <= self.tolerance <= MOST_PIXELS, "tolerance", f"0 to {MOST_PIXELS} px")
        self.require(0 <= self.relative_sd < math.inf, "relative_sd", "0 or more")
        self.require(self.contours in ("all", "outer"), "contours", "'all' or 'outer'")

    def draw(self, stream: Stream) -> Drawn:
        factor = 1 + self.relative_sd * stream.normal("tolerance")
        return {"tolerance": max(0.0, self.tolerance * factor)}

    def apply(self, mask: CropMask, drawn: Drawn) -> CropMask:
        parts = find_contours(mask, holes=self.contours == "all")
        simplified = [
            [_simplify(contour, drawn["tolerance"]) for contour in part] for part in parts
        ]
        if all(contour is None for part in simplified for contour in part):
            raise NotApplied("too_few_vertices")
        kept = [
            [old if new is None else new for old, new in zip(part, news, strict=True)]
            for part, news in zip(parts, simplified, strict=True)
        ]
        return fill_contours(kept, mask.height, mask.width)


def _simplify(contour: Contour, tolerance: float) -> Contour | None:
    """The contour with fewer vertices, or None where fewer than three would be left."""
    vertices = cv2.approxPolyDP(contour, tolerance, True)
    return None if len(vertices) < _FEWEST_VERTICES else vertices.astype("int32", copy=False)
