"""Whether a mask's outline follows the image's edges."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.images import Pixels
from benchmark_n.masks import CropMask

_BLUR = 1.0
_RING = np.ones((3, 3), np.uint8)


def edge_strength(pixels: Pixels) -> NDArray[np.int32]:
    """Gradient of the slightly blurred grey image, |d/dx| + |d/dy|, int32 (height, width).

    Whole numbers, so that sums of them are the same whatever the order.
    """
    grey = cv2.GaussianBlur(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), (0, 0), _BLUR)
    across, down = (cv2.Sobel(grey, cv2.CV_16S, *order) for order in ((1, 0), (0, 1)))
    return np.abs(across.astype(np.int32)) + np.abs(down.astype(np.int32))


def edge_ratio(edges: NDArray[np.int32], clean: CropMask, found: CropMask) -> float | None:
    """Mean edge strength along one outline over that along the other.

    Above 1 the model's outline lies on stronger edges than the annotation's. None where the
    annotation's lies on none at all. The outline is the ring of pixels on both sides of it.
    """
    first, second = _along(edges, clean), _along(edges, found)
    return second / first if first > 0 else None


def _along(edges: NDArray[np.int32], mask: CropMask) -> float:
    grown = mask.grown(2)
    ring = cv2.morphologyEx(grown.pixels, cv2.MORPH_GRADIENT, _RING)
    h, w = grown.pixels.shape
    values = edges[grown.y : grown.y + h, grown.x : grown.x + w][ring > 0]
    return int(values.sum()) / max(values.size, 1)
