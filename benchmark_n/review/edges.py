"""How much of an outline lies off the edges of its picture.

References
----------
.. [1] Canny: A Computational Approach to Edge Detection, IEEE TPAMI 8 (1986).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.pixels import Pixels
from benchmark_n.masks import CropMask
from benchmark_n.masks.contours import find_contours

NEAR = 3  # px
# Hysteresis of the gradient, grey levels; the picture is smoothed first.
_WEAK, _STRONG = 30, 90
_BLUR = 1.0  # standard deviation, px


def image_edges(pixels: Pixels) -> NDArray[np.float32]:
    """Distance of each pixel of an RGB picture to the nearest edge [1]_, px, float32 (h, w)."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    edges = cv2.Canny(cv2.GaussianBlur(grey, (0, 0), _BLUR), _WEAK, _STRONG)
    far = cv2.distanceTransform(255 - edges, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    # Without any edge OpenCV gives some large number; everything is off one.
    return np.asarray(far, np.float32)


def off_edge(mask: CropMask, edges: NDArray[np.float32]) -> float | None:
    """Share of a mask's outline, 0 to 1, that is more than 3 px from an edge.

    The image's own border counts as one. None where all of the outline is along it, or the mask is
    empty.

    Parameters
    ----------
    edges
        As `image_edges` gives it.

    Examples
    --------
    >>> edges = np.full((20, 20), 9, np.float32)
    >>> edges[:, :10] = 0
    >>> off_edge(CropMask(np.ones((6, 10), np.uint8), 5, 5, 20, 20), edges)
    0.5
    """
    canvas = np.zeros((mask.height, mask.width), np.uint8)
    outlines = [ring for part in find_contours(mask) for ring in part]
    cv2.drawContours(canvas, outlines, -1, (1,), 1)
    drawn = canvas[1:-1, 1:-1] > 0
    if not drawn.any():
        return None
    return float((edges[1:-1, 1:-1][drawn] > NEAR).mean())
