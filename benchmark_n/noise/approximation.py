"""Approximation noise: contours drawn with too few vertices."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.masks.simplification import simplify_ring
from benchmark_n.noise.base import MOST_PIXELS, Drawn, rectified_normal
from benchmark_n.noise.vertices import Contours, Redraw, VertexNoise, Vertices
from benchmark_n.runtime.random_streams import Stream

_FEWEST_VERTICES = 3


@dataclass(frozen=True)
class Approximation(VertexNoise):
    """Douglas-Peucker on every contour with tolerance ``max(0, X)``, X ~ N(mu, s^2) px.

    Parameters
    ----------
    tolerance
        Mean mu of the tolerance, px.
    relative_sd
        Ratio of the tolerance's standard deviation s to its mean, where `sd` does not tell it.
    contours
        ``"all"``, or ``"outer"`` to fill the holes, as the released code does.
    sd
        Standard deviation s of the tolerance, px.
    vertices
        ``"contour"``: those of the mask's contours, corner by corner. ``"polygon"``: those of the
        annotation's polygons; of a mask without any, of its outline simplified at 1 px.
    preserve_topology
        Keep three vertices of each contour at least, and draw no line that would cross another.
    few_vertices
        A contour of fewer than three vertices: ``"keep"`` it, or ``"drop"`` it, as the released
        code does.

    References
    ----------
    .. [1] Kimhi et al.: Noisy Annotations in Semantic Segmentation, 2025, Section 2.2.
    .. [2] Douglas, Peucker: Algorithms for the reduction of the number of points required to
           represent a digitized line or its caricature, Cartographica 10(2), 1973.

    Examples
    --------
    >>> import numpy as np
    >>> from benchmark_n.masks import CropMask
    >>> bumpy = np.pad(np.ones((6, 12)), 2)
    >>> bumpy[1, 8] = 1  # a bump of one pixel on the upper edge
    >>> noise, mask = Approximation(1.0, tolerance=2.0), CropMask.from_full(bumpy)
    >>> mask.area, noise.apply(mask, {"tolerance": 2.0}).area
    (73, 72)
    """

    name: ClassVar[str] = "approximation"
    columns: ClassVar[Mapping[str, str]] = {"tolerance": "double"}

    tolerance: float
    relative_sd: float = 1 / 3
    contours: Contours = "all"
    sd: float | None = None
    vertices: Vertices = "contour"
    preserve_topology: bool = False
    few_vertices: Literal["keep", "drop"] = "keep"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(0 <= self.tolerance <= MOST_PIXELS, "tolerance", f"0 to {MOST_PIXELS} px")
        self.require(0 <= self.relative_sd < math.inf, "relative_sd", "0 or more")
        self.require(self.sd is None or 0 <= self.sd <= MOST_PIXELS, "sd", f"0 to {MOST_PIXELS} px")
        self.require(self.few_vertices in ("keep", "drop"), "few_vertices", "'keep' or 'drop'")
        self.check_outlines()

    @property
    def keeps_short(self) -> bool:
        return self.few_vertices == "keep"

    def draw(self, stream: Stream) -> Drawn:
        if self.sd is not None:
            return {"tolerance": rectified_normal(stream, "tolerance", self.tolerance, self.sd)}
        factor = 1 + self.relative_sd * stream.normal("tolerance")
        return {"tolerance": max(0.0, self.tolerance * factor)}

    def redraw(self, drawn: Drawn) -> Redraw:
        simplify = _keeping_topology if self.preserve_topology else _closed

        def one(outline: NDArray[Any]) -> NDArray[Any] | None:
            vertices = simplify(outline, drawn["tolerance"])
            return None if len(vertices) < _FEWEST_VERTICES else vertices

        return one


def _closed(outline: NDArray[Any], tolerance: float) -> NDArray[Any]:
    """Plain Douglas-Peucker, which may leave two vertices or one."""
    dtype = np.int32 if outline.dtype == np.int32 else np.float32
    vertices = cv2.approxPolyDP(outline.astype(dtype, copy=False), tolerance, True)
    shape = (len(vertices), *outline.shape[1:])
    simplified: NDArray[Any] = vertices.astype(outline.dtype, copy=False).reshape(shape)
    return simplified


def _keeping_topology(outline: NDArray[Any], tolerance: float) -> NDArray[Any]:
    kept: NDArray[Any] = outline[simplify_ring(outline.reshape(-1, 2), tolerance)]
    return kept
