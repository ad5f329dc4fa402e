"""Shape of a mask as numbers that do not change when the instance turns.

The mask is resampled on a polar grid about its centroid, out to its farthest pixel; of each ring
the magnitudes of the Fourier coefficients along the angle are kept.

References
----------
.. [1] Zhang, Lu: Shape-based image retrieval using generic Fourier descriptor, Signal Processing:
       Image Communication 17 (2002).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

RINGS, ANGLES, KEPT = 16, 64, 17
LENGTH = RINGS * KEPT


def silhouette(mask: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Descriptor float32 (LENGTH,) of a mask crop, uint8 (S, S), 0 to 255."""
    moments = cv2.moments(mask)
    if not moments["m00"]:
        return np.zeros(LENGTH, np.float32)
    x, y = moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]
    rows, columns = np.nonzero(mask > 127)
    radius = float(np.hypot(columns - x, rows - y).max(initial=0.0)) + 1.0
    return polar_spectrum((mask / 255).astype(np.float32), (x, y), radius)


def polar_spectrum(
    pixels: NDArray[np.float32], centre: tuple[float, float], radius: float
) -> NDArray[np.float32]:
    """Fourier magnitudes along the angle of `RINGS` rings, float32 (KEPT * RINGS,)."""
    # Without the flag, pixels beyond the crop are whatever was in memory.
    flags = cv2.INTER_LINEAR | cv2.WARP_POLAR_LINEAR | cv2.WARP_FILL_OUTLIERS
    polar = cv2.warpPolar(pixels, (RINGS, ANGLES), centre, radius, flags=flags)
    spectrum = np.abs(np.fft.rfft(polar, axis=0))[:KEPT] / ANGLES
    return np.asarray(spectrum.ravel(), np.float32)
