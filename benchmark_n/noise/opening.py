"""Opening noise: thin structures and corners lost (ablation)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from benchmark_n.masks import CropMask
from benchmark_n.noise.base import LARGEST_KERNEL, Drawn, SpatialNoise, odd_kernel
from benchmark_n.noise.scale import resize_mask
from benchmark_n.runtime.random_streams import Stream


@dataclass(frozen=True)
class Opening(SpatialNoise):
    """Erosion, then dilation, by a square kernel.

    Parameters
    ----------
    kernel
        Side of the kernel, px, odd.

    References
    ----------
    .. [1] Kimhi et al.: Noisy Annotations in Semantic Segmentation, 2025, Table 6.

    Examples
    --------
    >>> import numpy as np
    >>> from benchmark_n.masks import CropMask
    >>> kite = np.zeros((5, 9))
    >>> kite[1:4, 1:4] = kite[2, 4:] = 1  # a square and its string
    >>> Opening(1.0, kernel=3).apply(CropMask.from_full(kite), {}).full().sum(axis=0).tolist()
    [0, 3, 3, 3, 0, 0, 0, 0, 0]
    """

    name: ClassVar[str] = "opening"

    kernel: int

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(
            odd_kernel(self.kernel), "kernel", f"an odd number of px up to {LARGEST_KERNEL}"
        )

    def draw(self, stream: Stream) -> Drawn:
        return {}

    def apply(self, mask: CropMask, drawn: Drawn) -> CropMask:
        return resize_mask(resize_mask(mask, self.kernel, "erode"), self.kernel, "dilate")
