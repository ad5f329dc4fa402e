"""Scale noise: contours drawn systematically too narrow or too wide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import cv2
import numpy as np

from benchmark_n.masks import CropMask
from benchmark_n.noise.base import LARGEST_KERNEL, Drawn, SpatialNoise, odd_kernel
from benchmark_n.runtime.random_streams import Stream

OPERATIONS = ("either", "dilate", "erode")


@dataclass(frozen=True)
class Scale(SpatialNoise):
    """Erosion or dilation by a square kernel.

    Parameters
    ----------
    kernel
        Side of the kernel, px, odd.
    operation
        ``"dilate"``, ``"erode"``, or ``"either"`` by a fair coin.

    References
    ----------
    .. [1] Kimhi et al.: Noisy Annotations in Semantic Segmentation, 2025, Section 2.2.
    """

    name: ClassVar[str] = "scale"
    columns: ClassVar[Mapping[str, str]] = {"operation": "string"}

    kernel: int
    operation: Literal["either", "dilate", "erode"] = "either"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(
            odd_kernel(self.kernel), "kernel", f"an odd number of px up to {LARGEST_KERNEL}"
        )
        self.require(self.operation in OPERATIONS, "operation", f"one of {', '.join(OPERATIONS)}")

    def draw(self, stream: Stream) -> Drawn:
        if self.operation != "either":
            return {"operation": self.operation}
        return {"operation": "dilate" if stream.uniform("coin") < 0.5 else "erode"}

    def apply(self, mask: CropMask, drawn: Drawn) -> CropMask:
        return resize_mask(mask, self.kernel, drawn["operation"])


def resize_mask(mask: CropMask, kernel: int, operation: str) -> CropMask:
    """The mask dilated or eroded by a square of side `kernel` px.

    The image's border erodes nothing, as in OpenCV's default.
    """
    grown = mask.grown(kernel // 2)
    change = cv2.dilate if operation == "dilate" else cv2.erode
    pixels = change(grown.pixels, np.ones((kernel, kernel), np.uint8))
    return replace(grown, pixels=pixels.astype(np.uint8, copy=False))
