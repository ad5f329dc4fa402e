"""Scale noise: contours drawn systematically too narrow or too wide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import cv2
import numpy as np

from benchmark_n.masks import CropMask
from benchmark_n.masks.contours import fill_contours, find_contours
from benchmark_n.masks.shape import Shape
from benchmark_n.noise.base import (
    LARGEST_KERNEL,
    Drawn,
    NotApplied,
    SpatialNoise,
    odd_kernel,
    rectified_normal,
)
from benchmark_n.runtime.random_streams import Stream

OPERATIONS = ("either", "dilate", "erode")


@dataclass(frozen=True)
class Scale(SpatialNoise):
    """Erosion or dilation by a square kernel.

    Its side is drawn for each instance where `sd` is above 0: ``max(0, X)`` with
    X ~ N(kernel, sd^2), cut to a whole number. A side of 0 does nothing; a kernel of an even side
    reaches a pixel farther to the left and above, as OpenCV has it.

    Parameters
    ----------
    kernel
        Side of the kernel, px, odd; with `sd` its mean.
    operation
        ``"dilate"``, ``"erode"``, or ``"either"`` by a fair coin.
    sd
        Standard deviation of the side, px.
    redrawn
        Start from the annotation's polygons with their coordinates cut to whole pixels, each pixel
        on the outline filled; end with polygons through the outer pixels of what comes out, as the
        released code does. Half a pixel all around is won and lost on the way.

    References
    ----------
    .. [1] Kimhi et al.: Noisy Annotations in Semantic Segmentation, 2025, Section 2.2.

    Examples
    --------
    >>> import numpy as np
    >>> from benchmark_n.masks import CropMask
    >>> noise, mask = Scale(1.0, kernel=3), CropMask.from_full(np.pad(np.ones((4, 4)), 3))
    >>> wide = noise.apply(mask, {"kernel": 3, "operation": "dilate"})
    >>> narrow = noise.apply(mask, {"kernel": 3, "operation": "erode"})
    >>> mask.area, wide.area, narrow.area  # a pixel more, or less, on each side
    (16, 36, 4)
    """

    name: ClassVar[str] = "scale"
    columns: ClassVar[Mapping[str, str]] = {"kernel": "int64", "operation": "string"}

    kernel: int
    operation: Literal["either", "dilate", "erode"] = "either"
    sd: float = 0.0
    redrawn: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(0 <= self.sd <= LARGEST_KERNEL, "sd", f"0 to {LARGEST_KERNEL} px")
        whole = type(self.kernel) is int and 0 <= self.kernel <= LARGEST_KERNEL
        self.require(
            whole if self.sd else odd_kernel(self.kernel),
            "kernel",
            f"{'a whole' if self.sd else 'an odd'} number of px up to {LARGEST_KERNEL}",
        )
        self.require(self.operation in OPERATIONS, "operation", f"one of {', '.join(OPERATIONS)}")

    def draw(self, stream: Stream) -> Drawn:
        kernel = min(int(rectified_normal(stream, "kernel", self.kernel, self.sd)), LARGEST_KERNEL)
        operation: str = self.operation
        if operation == "either":
            operation = "dilate" if stream.uniform("coin") < 0.5 else "erode"
        return {"kernel": kernel, "operation": operation}

    @property
    def uses_polygons(self) -> bool:
        return self.redrawn

    def apply(self, mask: CropMask, drawn: Drawn) -> CropMask:
        return self.reshape(Shape(mask), drawn).mask

    def reshape(self, shape: Shape, drawn: Drawn) -> Shape:
        kernel, operation = drawn["kernel"], drawn["operation"]
        if not kernel:
            raise NotApplied("zero_kernel")
        if not self.redrawn:
            return Shape(resize_mask(shape.mask, kernel, operation))
        height, width = shape.mask.height, shape.mask.width
        cut = [
            [np.trunc(ring).astype(np.int32)[:, None, :] for ring in part]
            for part in shape.outlines()
        ]
        resized = resize_mask(fill_contours(cut, height, width), kernel, operation)
        contours = find_contours(resized, holes=False)
        parts = [[ring[:, 0, :].astype(np.float64) for ring in part] for part in contours]
        return Shape.filled(parts, height, width)


def resize_mask(mask: CropMask, kernel: int, operation: str) -> CropMask:
    """The mask dilated or eroded by a square of side `kernel` px.

    The image's border erodes nothing, as in OpenCV's default; nothing stays nothing.
    """
    grown = mask.grown(kernel // 2)
    if not grown.pixels.size:  # OpenCV refuses it: a noise before left nothing
        return grown
    change = cv2.dilate if operation == "dilate" else cv2.erode
    pixels = change(grown.pixels, np.ones((kernel, kernel), np.uint8))
    return replace(grown, pixels=pixels.astype(np.uint8, copy=False))
