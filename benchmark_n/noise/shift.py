"""Shift noise: the whole mask in the wrong place (ablation)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from benchmark_n.masks import CropMask
from benchmark_n.noise.base import MOST_PIXELS, Drawn, SpatialNoise
from benchmark_n.runtime.random_streams import Stream


@dataclass(frozen=True)
class Shift(SpatialNoise):
    """The mask moves by `distance` px along x and along y, each way by a fair coin.

    Parameters
    ----------
    distance
        Whole pixels along each axis.

    References
    ----------
    .. [1] Kimhi et al.: Noisy Annotations in Semantic Segmentation, 2025, Table 6.

    Examples
    --------
    >>> import numpy as np
    >>> from benchmark_n.masks import CropMask
    >>> mask = CropMask.from_full(np.array([[1, 1, 0], [0, 0, 0]]))
    >>> Shift(1.0, distance=1).apply(mask, {"dx": 1, "dy": 1}).full().tolist()
    [[0, 0, 0], [0, 1, 1]]
    """

    name: ClassVar[str] = "shift"
    columns: ClassVar[Mapping[str, str]] = {"dx": "int64", "dy": "int64"}

    distance: int

    def __post_init__(self) -> None:
        super().__post_init__()
        whole = isinstance(self.distance, int) and 0 <= self.distance <= MOST_PIXELS
        self.require(whole, "distance", f"a whole number of px, 0 to {MOST_PIXELS}")

    def draw(self, stream: Stream) -> Drawn:
        return {
            axis: self.distance if stream.uniform(axis) < 0.5 else -self.distance
            for axis in ("dx", "dy")
        }

    def apply(self, mask: CropMask, drawn: Drawn) -> CropMask:
        x, y = mask.x + drawn["dx"], mask.y + drawn["dy"]
        h, w = mask.pixels.shape
        left, top = max(x, 0), max(y, 0)
        right, bottom = min(x + w, mask.width), min(y + h, mask.height)
        pixels = mask.pixels[top - y : max(bottom - y, 0), left - x : max(right - x, 0)]
        return CropMask(np.ascontiguousarray(pixels), left, top, mask.height, mask.width)
