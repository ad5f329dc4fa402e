"""Ellipse noise: an object drawn a second time with the oval tool of an annotation programme."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from benchmark_n.masks import CropMask
from benchmark_n.noise.base import Drawn, NotApplied, SpatialNoise
from benchmark_n.runtime.random_streams import Stream

_FARTHEST, _LONGEST = 1000.0, 1 << 14  # px
_CONTINUOUS = ("offset_sd", "stretch_sd", "shift_sd")


@dataclass(frozen=True)
class Ellipse(SpatialNoise):
    """The mask becomes the upright ellipse of a box near its own.

    Of a box of size s = sqrt(width * height) and aspect a = width / height, the second one has
    the size ``scale * s ** scale_growth`` and the aspect ``a ** aspect_growth``; then both sides
    grow by an offset, one at the cost of the other by a stretch, and the centre moves. These are
    normal, stated for a mask of 1 px², grow as ``area ** growth``, and a factor of each object,
    its quality, multiplies them.

    Parameters
    ----------
    scale, scale_growth
        Factor and exponent of the size; below 1 the exponent draws large objects too small.
    aspect_growth
        Exponent of the aspect: 1 keeps it, 0 makes circles.
    offset_sd, stretch_sd
        Standard deviation of what both half axes gain, and of what the horizontal one gains and
        the vertical one loses, px.
    shift_sd
        Standard deviation of the shift of the centre along each axis, px.
    growth
        Exponent of the area by which these grow.
    quality_sd
        Standard deviation of the logarithm of the quality, whose mean is 1.

    References
    ----------
    .. [1] Segebarth et al.: On the objectivity, reliability, and validity of deep learning enabled
           bioimage analyses, eLife 9 (2020): nuclei that experts marked in this way.

    Examples
    --------
    >>> import numpy as np
    >>> from benchmark_n.masks import CropMask
    >>> box = CropMask.from_full(np.ones((4, 6)))
    >>> drawn = {"offset": 0.0, "stretch": 0.0, "dx": 0.0, "dy": 0.0}
    >>> for row in Ellipse(1.0).apply(box, drawn).full():
    ...     print(*row)
    0 1 1 1 1 0
    1 1 1 1 1 1
    1 1 1 1 1 1
    0 1 1 1 1 0
    """

    name: ClassVar[str] = "ellipse"
    columns: ClassVar[Mapping[str, str]] = {
        "offset": "double",
        "stretch": "double",
        "dx": "double",
        "dy": "double",
    }

    scale: float = 1.0
    scale_growth: float = 1.0
    aspect_growth: float = 1.0
    offset_sd: float = 0.0
    stretch_sd: float = 0.0
    shift_sd: float = 0.0
    growth: float = 0.0
    quality_sd: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(0 < self.scale < math.inf, "scale", "more than 0")
        for name in ("scale_growth", "aspect_growth"):
            self.require(0 <= getattr(self, name) <= 2, name, "a number from 0 to 2")
        for name in _CONTINUOUS:
            self.require(0 <= getattr(self, name) <= _FARTHEST, name, f"0 to {_FARTHEST:g} px")
        self.require(-1 <= self.growth <= 1, "growth", "a number from -1 to 1")
        self.require(0 <= self.quality_sd <= 3, "quality_sd", "a number from 0 to 3")

    def draw(self, stream: Stream) -> Drawn:
        quality = math.exp(self.quality_sd * stream.normal("quality") - self.quality_sd**2 / 2)
        return {
            "offset": self.offset_sd * quality * stream.normal("offset"),
            "stretch": self.stretch_sd * quality * stream.normal("stretch"),
            "dx": self.shift_sd * quality * stream.normal("dx"),
            "dy": self.shift_sd * quality * stream.normal("dy"),
        }

    def apply(self, mask: CropMask, drawn: Drawn) -> CropMask:
        x, y, w, h = mask.bbox
        if not w:
            raise NotApplied("empty_mask")
        strength = float(mask.area) ** self.growth
        size = self.scale * math.sqrt(w * h) ** self.scale_growth
        aspect = math.sqrt(w / h) ** self.aspect_growth
        offset, stretch = (2 * strength * drawn[name] for name in ("offset", "stretch"))
        width = min(max(round(size * aspect + offset + stretch), 1), _LONGEST)
        height = min(max(round(size / aspect + offset - stretch), 1), _LONGEST)
        left = round(x + w / 2 + strength * drawn["dx"] - width / 2)
        top = round(y + h / 2 + strength * drawn["dy"] - height / 2)
        return _within_image(left, top, width, height, mask)


def _within_image(left: int, top: int, width: int, height: int, mask: CropMask) -> CropMask:
    """The ellipse of a box, without what lies outside the image: pixels whose centres it holds.

    In whole numbers, which sides of up to 2^14 px keep below 2^63.
    """
    right, bottom = min(left + width, mask.width), min(top + height, mask.height)
    x, y = max(left, 0), max(top, 0)
    if x >= right or y >= bottom:
        return CropMask(np.zeros((0, 0), np.uint8), 0, 0, mask.height, mask.width)
    # Twice the distance from the centre of the box.
    across = 2 * np.arange(x - left, right - left, dtype=np.int64) + 1 - width
    down = 2 * np.arange(y - top, bottom - top, dtype=np.int64)[:, None] + 1 - height
    inside = (across * height) ** 2 + (down * width) ** 2 <= (width * height) ** 2
    return CropMask(inside.view(np.uint8), x, y, mask.height, mask.width)
