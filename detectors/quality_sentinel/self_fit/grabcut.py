"""How far GrabCut, started from a mask, keeps it.

References
----------
.. [1] Rother, Kolmogorov, Blake: GrabCut, ACM Transactions on Graphics 23 (2004).
"""

from __future__ import annotations

import cv2
import numpy as np

from benchmark_n.coco.pixels import Pixels
from benchmark_n.detectors.quality_sentinel.crops import square
from benchmark_n.detectors.quality_sentinel.self_fit.outlines import MISSING
from benchmark_n.masks import CropMask

NAMES = ("cut_iou", "cut_growth", "cut_inner", "cut_outer")
SIDE = 48
_CONTEXT = 1.6
_BAND = 0.12  # of the crop's side, to each side of the outline, is open to change


def grabcut_features(pixels: Pixels, mask: CropMask) -> list[float]:
    """The numbers called `NAMES`; `MISSING` where too little is inside or outside.

    IoU of the cut with the mask, its area as a multiple, and of the open pixels inside and outside
    the share that is kept.
    """
    image, own = _crop(pixels, mask)
    band = _BAND * SIDE
    inside = cv2.distanceTransform(own, cv2.DIST_L2, 3)
    outside = cv2.distanceTransform(1 - own, cv2.DIST_L2, 3)
    trimap = np.where(own > 0, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    trimap[outside > band] = cv2.GC_BGD
    trimap[inside > min(band, 0.6 * float(inside.max()))] = cv2.GC_FGD
    near, far = (own > 0) & (trimap == cv2.GC_PR_FGD), trimap == cv2.GC_PR_BGD
    if not (near.any() and far.any() and (trimap == cv2.GC_BGD).any()):
        return [MISSING] * len(NAMES)
    inner, outer = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)  # its clusters start where OpenCV's own generator says
    cv2.grabCut(image, trimap, (0, 0, 1, 1), inner, outer, 1, cv2.GC_INIT_WITH_MASK)
    cut = (trimap == cv2.GC_FGD) | (trimap == cv2.GC_PR_FGD)
    shared, union = (cut & (own > 0)).sum(), (cut | (own > 0)).sum()
    return [
        *(float(shared / union), float(cut.sum() / own.sum())),
        *(float(cut[near].mean()), float(1 - cut[far].mean())),
    ]


def _crop(pixels: Pixels, mask: CropMask) -> tuple[Pixels, Pixels]:
    """Picture and mask in the square around the mask, as far as the image goes, `SIDE` px."""
    x, y, side = square(mask.bbox, _CONTEXT)
    left, top = max(x, 0), max(y, 0)
    right, bottom = min(x + side, mask.width), min(y + side, mask.height)
    picture = pixels[top:bottom, left:right]
    own = mask.window(left, top, right, bottom).pixels * 255
    size = (SIDE, SIDE)
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    shape = cv2.resize(own, size, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(small), (shape > 127).astype(np.uint8)
