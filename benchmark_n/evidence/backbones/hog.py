"""Backbone ``hog``: gradients, colour and texture of a crop, without a network.

References
----------
.. [1] Dalal, Triggs: Histograms of Oriented Gradients for Human Detection, CVPR 2005.
.. [2] Ojala, Pietikäinen, Mäenpää: Multiresolution gray-scale and rotation invariant texture
       classification with local binary patterns, PAMI 24 (2002).
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.pixels import Pixels
from benchmark_n.evidence.backbones.silhouette import polar_spectrum

VERSION = 1
_BINS = 8
_LBP_POINTS, _LBP_RADIUS = 8, 1


class Hog:
    """Descriptors of 64 px crops; made in the worker processes."""

    name = "hog"
    size = 64
    in_workers = True
    version = str(VERSION)

    def describe(self, crops: Pixels, masks: Pixels) -> NDArray[np.float32]:
        """Features float32 (n, D) of crops (n, 64, 64, 3) and their masks (n, 64, 64)."""
        rows = [self._one(crop, mask) for crop, mask in zip(crops, masks, strict=True)]
        return np.stack(rows).astype(np.float32)

    def _one(self, crop: Pixels, mask: Pixels) -> NDArray[np.float64]:
        from skimage.feature import hog

        grey = np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), np.uint8)
        gradients = hog(grey, orientations=9, pixels_per_cell=(16, 16), cells_per_block=(2, 2))
        rings = _gradient_rings(crop)
        return np.concatenate([gradients, rings, _colours(crop), _texture(crop, grey, mask)])


def _gradient_rings(crop: Pixels) -> NDArray[np.float32]:
    """Strength of the gradient on rings about the centre, whatever way the instance is turned."""
    lab = cv2.cvtColor(crop, cv2.COLOR_RGB2LAB).astype(np.float32)
    across, down = cv2.Sobel(lab, cv2.CV_32F, 1, 0), cv2.Sobel(lab, cv2.CV_32F, 0, 1)
    strength = np.sqrt(np.hypot(across, down).max(axis=2))
    middle = (len(crop) - 1) / 2
    return polar_spectrum(strength, (middle, middle), len(crop) / 2)


def _colours(crop: Pixels) -> NDArray[np.float64]:
    """Histograms of hue, saturation and value; mean and deviation of the channels."""
    hsv = cv2.cvtColor(crop, cv2.COLOR_RGB2HSV).reshape(-1, 3)
    ranges = ((0, 180), (0, 256), (0, 256))
    histograms = [
        np.histogram(hsv[:, channel], _BINS, limits)[0] / len(hsv)
        for channel, limits in enumerate(ranges)
    ]
    flat = crop.reshape(-1, 3) / 255
    return np.concatenate([*histograms, flat.mean(axis=0), flat.std(axis=0)])


def _texture(crop: Pixels, grey: Pixels, mask: Pixels) -> NDArray[np.float64]:
    """Local binary patterns of the whole crop and of the instance; spread of its colours."""
    from skimage import feature

    make: Any = feature.local_binary_pattern
    patterns = make(grey, _LBP_POINTS, _LBP_RADIUS, "uniform").astype(np.int64)
    inside = mask > 127
    spread = crop[inside].std(axis=0) / 255 if inside.any() else np.zeros(3)
    kinds = _LBP_POINTS + 2
    parts = [
        np.bincount(p, minlength=kinds) / max(p.size, 1)
        for p in (patterns.ravel(), patterns[inside])
    ]
    return np.concatenate([*parts, spread])


def make_hog(argument: str, device: str) -> Hog:
    """The backbone; it takes no argument and no device."""
    return Hog()
