"""Localization noise: contours drawn with an unsteady hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from benchmark_n.masks import CropMask
from benchmark_n.masks.contours import Contour, fill_contours, find_contours
from benchmark_n.noise.base import MOST_PIXELS, Drawn, SpatialNoise
from benchmark_n.runtime.random_streams import Stream


@dataclass(frozen=True)
class Localization(SpatialNoise):
    """Each contour vertex moves by N(0, sigma^2) px in x and in y, then to a whole pixel.

    Parameters
    ----------
    sigma
        Standard deviation of the displacement along each axis, px.
    contours
        ``"all"``, or ``"outer"`` to fill the holes, as the released code does.

    The manifest records `seed`, out of which ``numpy.random.default_rng`` gives the displacements
    of the vertices in contour order.

    References
    ----------
    .. [1] Kimhi et al.: Noisy Annotations in Semantic Segmentation, 2025, Section 2.2.
    """

    name: ClassVar[str] = "localization"
    columns: ClassVar[Mapping[str, str]] = {"seed": "int64"}

    sigma: float
    contours: Literal["all", "outer"] = "all"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(0 <= self.sigma <= MOST_PIXELS, "sigma", f"0 to {MOST_PIXELS} px")
        self.require(self.contours in ("all", "outer"), "contours", "'all' or 'outer'")

    def draw(self, stream: Stream) -> Drawn:
        return {"seed": stream.integer("displacements")}

    def apply(self, mask: CropMask, drawn: Drawn) -> CropMask:
        parts = find_contours(mask, holes=self.contours == "all")
        rng = np.random.default_rng(drawn["seed"])
        moved = [[displace(contour, self.sigma, rng) for contour in part] for part in parts]
        return fill_contours(moved, mask.height, mask.width)


def displace(contour: Contour, sigma: float, rng: np.random.Generator) -> Contour:
    """The contour, int32 (V, 1, 2), with every vertex moved; drawn as (V, 2) standard normals."""
    shift = sigma * rng.standard_normal((len(contour), 2))
    moved: Contour = contour + np.rint(shift).astype(np.int32)[:, None, :]
    return moved
