"""Distances between the boundaries of two masks, in millimetres.

References
----------
.. [1] Huttenlocher, Klanderman, Rucklidge: Comparing Images Using the Hausdorff Distance, IEEE
       TPAMI 15(9), 1993.
.. [2] Maier-Hein, Reinke et al.: Metrics Reloaded: Recommendations for Image Analysis Validation,
       Nature Methods 21, 2024 (HD, HD95, ASSD, NSD).
.. [3] Nikolov et al.: Clinically Applicable Segmentation of Head and Neck Anatomy for
       Radiotherapy, J Med Internet Res 23(7), 2021 (surface Dice at a tolerance).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from benchmark_n.masks import CropMask
from benchmark_n.masks.boundary import boundary

Distances = NDArray[np.float64]


@dataclass(frozen=True)
class SurfaceDistances:
    """From each boundary pixel of one mask to the nearest of the other, both ways, mm.

    Examples
    --------
    >>> found = SurfaceDistances(np.array([0.0, 1.0]), np.array([0.0, 3.0]))
    >>> found.hausdorff, found.average, found.within(1.0)
    (3.0, 1.0, 0.75)
    """

    forth: Distances
    back: Distances

    @property
    def hausdorff(self) -> float:
        """Hausdorff distance: the larger of the two directions' maxima [1]_."""
        return float(max(self.forth.max(), self.back.max()))

    @property
    def hausdorff_95(self) -> float:
        """HD95: the larger of the two directions' 95th percentiles [2]_."""
        return float(max(np.percentile(way, 95) for way in (self.forth, self.back)))

    @property
    def average(self) -> float:
        """Average symmetric surface distance (ASSD): the mean over both boundaries [2]_."""
        return float(np.concatenate([self.forth, self.back]).mean())

    def within(self, tolerance: float) -> float:
        """Normalised surface Dice (NSD): share of both boundaries within `tolerance` mm [3]_.

        Boundaries are counted by pixels, not by their length.
        """
        return float((np.concatenate([self.forth, self.back]) <= tolerance).mean())


def surface_distances(
    a: CropMask, b: CropMask, spacing: tuple[float, float]
) -> SurfaceDistances | None:
    """Distances between the boundaries of two masks of an image; None if a mask is empty.

    The boundary of a mask are its pixels with one of their eight neighbours outside; distances go
    from pixel centre to pixel centre.

    Parameters
    ----------
    spacing
        Width and height of a pixel, mm.
    """
    points = [boundary_points(mask, spacing) for mask in (a, b)]
    if not all(len(p) for p in points):
        return None
    return SurfaceDistances(
        np.asarray(cKDTree(points[1]).query(points[0])[0], float),
        np.asarray(cKDTree(points[0]).query(points[1])[0], float),
    )


def boundary_points(mask: CropMask, spacing: tuple[float, float]) -> NDArray[np.float64]:
    """Centres (P, 2) of the boundary's pixels, x and y in mm."""
    if not mask.pixels.size:
        return np.zeros((0, 2))
    band = boundary(mask, 1)
    rows, columns = np.nonzero(band.pixels)
    return np.asarray(np.stack([columns + band.x, rows + band.y], axis=1) * spacing, np.float64)
