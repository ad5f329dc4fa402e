"""Spurious annotations: an outline once more, on the same place or on another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from benchmark_n.masks import CropMask
from benchmark_n.noise.base import Kind, Noise, NotApplied
from benchmark_n.runtime.random_streams import Stream


@dataclass(frozen=True)
class Spurious(Noise):
    """An annotation is there once more: doubled where it is, or copied to another place.

    Parameters
    ----------
    probability
        Chance that an instance is drawn once more.
    doubled
        Share of these that have the same outline on the same place, as when something is saved
        twice; others lie anywhere in the image.

    Examples
    --------
    >>> import numpy as np
    >>> mask = CropMask.from_full(np.pad(np.ones((3, 3)), (0, 40)))
    >>> stream = Stream(seed=1, name="spurious", annotation_id=7)
    >>> copy = Spurious(1.0).copied(mask, stream)  # elsewhere, of the same shape
    >>> mask.bbox, copy.bbox
    ((0, 0, 3, 3), (29, 37, 3, 3))
    """

    name: ClassVar[str] = "spurious"
    kind: ClassVar[Kind] = "event"

    doubled: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(0 <= self.doubled <= 1, "doubled", "a share from 0 to 1")

    def doubles(self, stream: Stream) -> bool:
        """Whether the outline stays where it is."""
        return stream.uniform("doubled") < self.doubled

    def copied(self, mask: CropMask, stream: Stream) -> CropMask:
        """The mask elsewhere in its image, every place alike.

        Raises
        ------
        NotApplied
            It has no pixel, or the place drawn is its own, as of one that fills the image.
        """
        tight = mask.tight()
        h, w = tight.pixels.shape
        if not tight.pixels.size:
            raise NotApplied("empty_mask")
        x = stream.hash("x") % (tight.width - w + 1)
        y = stream.hash("y") % (tight.height - h + 1)
        if (x, y) == (tight.x, tight.y):
            raise NotApplied("no_room")
        return replace(tight, x=x, y=y)
