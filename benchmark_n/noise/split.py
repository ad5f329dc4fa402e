"""Split: one instance drawn as two."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from benchmark_n.masks import CropMask
from benchmark_n.noise.base import Kind, Noise, NotApplied
from benchmark_n.runtime.random_streams import Stream

# Normals of the cuts as whole numbers, all around: places along them are exact.
_DIRECTIONS = tuple(
    (round(1024 * math.cos(math.tau * k / 128)), round(1024 * math.sin(math.tau * k / 128)))
    for k in range(128)
)


@dataclass(frozen=True)
class Split(Noise):
    """A straight cut through the mask; the larger part stays, the other is one annotation more.

    Parameters
    ----------
    least
        Smallest share of the area that the smaller part has, above 0 to 0.5; its share is drawn
        between it and one half.
    area
        Instances of fewer px² are not split.

    Examples
    --------
    >>> square = CropMask.from_full(np.ones((20, 20)))
    >>> halves = Split(1.0, least=0.5)
    >>> larger, smaller = halves.parts(square, Stream(seed=1, name="split", annotation_id=7))
    >>> larger.area + smaller.area, smaller.area >= 180  # half, but for pixels on the cut
    (400, True)
    """

    name: ClassVar[str] = "split"
    kind: ClassVar[Kind] = "event"

    least: float = 0.2
    area: int = 200

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(0 < self.least <= 0.5, "least", "above 0 to 0.5")
        self.require(self.area >= 2, "area", "2 px² or more")

    def parts(self, mask: CropMask, stream: Stream) -> tuple[CropMask, CropMask]:
        """The larger and the smaller part, in their tight crops.

        Raises
        ------
        NotApplied
            The mask is too small, or a cut in the drawn direction leaves one part empty.
        """
        rows, columns = np.nonzero(mask.pixels)
        if len(rows) < self.area:
            raise NotApplied("too_small")
        dx, dy = _DIRECTIONS[stream.hash("direction") % len(_DIRECTIONS)]
        share = self.least + (0.5 - self.least) * stream.uniform("share")
        count = max(round(share * len(rows)), 1)
        along = columns * dx + rows * dy
        cut = along < np.partition(along, count)[count]
        if not cut.any():
            raise NotApplied("too_small")
        smaller = np.zeros_like(mask.pixels)
        smaller[rows[cut], columns[cut]] = 1
        larger = mask.pixels - smaller
        return replace(mask, pixels=larger).tight(), replace(mask, pixels=smaller).tight()
