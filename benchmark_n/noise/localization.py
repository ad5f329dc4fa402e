"""Localization noise: contours drawn with an unsteady hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmark_n.masks.contours import Contour
from benchmark_n.noise.base import MOST_PIXELS, Drawn, rectified_normal
from benchmark_n.noise.vertices import Contours, Redraw, VertexNoise, Vertices
from benchmark_n.runtime.random_streams import Stream


@dataclass(frozen=True)
class Localization(VertexNoise):
    """Each contour vertex moves by N(0, S^2) px in x and in y.

    S is drawn for each instance, ``max(0, X)`` with X ~ N(sigma, sd^2). Vertices of contours end on
    whole pixels.

    Parameters
    ----------
    sigma
        Mean of the displacement's standard deviation S along each axis, px.
    contours
        ``"all"``, or ``"outer"`` to fill the holes, as the released code does.
    sd
        Standard deviation of S, px.
    vertices
        ``"contour"``: those of the mask's contours, corner by corner. ``"polygon"``: those of the
        annotation's polygons; of a mask without any, of its outline simplified at 1 px.

    The manifest records `sigma`, as drawn, and `seed`, out of which ``numpy.random.default_rng``
    gives the displacements of the vertices in contour order.

    References
    ----------
    .. [1] Kimhi et al.: Noisy Annotations in Semantic Segmentation, 2025, Section 2.2.

    Examples
    --------
    >>> import numpy as np
    >>> from benchmark_n.masks import CropMask, mask_iou
    >>> noise, mask = Localization(1.0, sigma=2.0), CropMask.from_full(np.pad(np.ones((9, 9)), 5))
    >>> drawn = noise.draw(Stream(seed=1, name=noise.name, annotation_id=7))
    >>> drawn["sigma"], round(mask_iou(mask, noise.apply(mask, drawn)), 2)
    (2.0, 0.69)
    >>> mask_iou(mask, noise.apply(mask, {**drawn, "sigma": 0.0}))  # vertices that do not move
    1.0
    """

    name: ClassVar[str] = "localization"
    columns: ClassVar[Mapping[str, str]] = {"sigma": "double", "seed": "int64"}

    sigma: float
    contours: Contours = "all"
    sd: float = 0.0
    vertices: Vertices = "contour"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(0 <= self.sigma <= MOST_PIXELS, "sigma", f"0 to {MOST_PIXELS} px")
        self.require(0 <= self.sd <= MOST_PIXELS, "sd", f"0 to {MOST_PIXELS} px")
        self.check_outlines()

    def draw(self, stream: Stream) -> Drawn:
        sigma = float(rectified_normal(stream, "sigma", self.sigma, self.sd))
        return {"sigma": sigma, "seed": stream.integer("displacements")}

    def redraw(self, drawn: Drawn) -> Redraw:
        rng = np.random.default_rng(drawn["seed"])

        def one(outline: NDArray[Any]) -> NDArray[Any]:
            if self.vertices == "polygon":
                return outline + _displacements(len(outline), drawn["sigma"], rng)
            return displace(outline, drawn["sigma"], rng)

        return one


def displace(contour: Contour, sigma: float, rng: np.random.Generator) -> Contour:
    """The contour, int32 (V, 1, 2), with every vertex moved to a whole pixel."""
    shift = _displacements(len(contour), sigma, rng)[:, None, :]
    moved: Contour = contour + np.rint(shift).astype(np.int32)
    return moved


def _displacements(count: int, sigma: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Px, float64 (count, 2)."""
    return sigma * rng.standard_normal((count, 2))
