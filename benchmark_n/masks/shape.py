"""A mask with the outlines it was drawn by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark_n.masks.crop import CropMask
from benchmark_n.masks.outline import mask_to_rings, rings_to_mask
from benchmark_n.masks.simplification import simplify_ring

# An outline and its holes, float64 (V, 2) each, x and y in px.
Part = Sequence[NDArray[np.float64]]
# Of the outlines of masks that nobody clicked: what a careful hand leaves out, px.
_TOLERANCE = 1.0


@dataclass(frozen=True)
class Shape:
    """What spatial noises hand on: a mask and, where there are any, the outlines that it fills.

    Parameters
    ----------
    parts
        The annotation's own polygons, as far as the noises before left them; else None.
    """

    mask: CropMask
    parts: tuple[Part, ...] | None = None

    @classmethod
    def filled(cls, parts: Sequence[Part], height: int, width: int) -> Shape:
        """The shape of outlines in an image of height x width px; short ones cover nothing."""
        return cls(rings_to_mask(parts, height, width), tuple(parts))

    def outlines(self) -> tuple[Part, ...]:
        """Its parts; of a mask without any, the outline simplified at 1 px."""
        if self.parts is not None:
            return self.parts
        return tuple(
            [ring[simplify_ring(ring, _TOLERANCE)].astype(np.float64) for ring in part]
            for part in mask_to_rings(self.mask)
        )
