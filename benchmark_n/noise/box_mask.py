"""Box masks: the box drawn in place of the outline."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from benchmark_n.masks import CropMask
from benchmark_n.noise.base import Drawn, NotApplied, SpatialNoise
from benchmark_n.runtime.random_streams import Stream


@dataclass(frozen=True)
class BoxMask(SpatialNoise):
    """The mask becomes its whole box, as where somebody drew a box and a tool filled it.

    Examples
    --------
    >>> cross = CropMask.from_full(np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]]))
    >>> BoxMask(1.0).apply(cross, {}).full().tolist()
    [[1, 1, 1], [1, 1, 1], [1, 1, 1]]
    """

    name: ClassVar[str] = "box_mask"

    def draw(self, stream: Stream) -> Drawn:
        return {}

    def apply(self, mask: CropMask, drawn: Drawn) -> CropMask:
        tight = mask.tight()
        if tight.pixels.all():
            raise NotApplied("is_box")
        return replace(tight, pixels=np.ones_like(tight.pixels))
