"""Hausdorff distances between the boundaries of two masks, in millimetres.

References
----------
.. [1] Huttenlocher, Klanderman, Rucklidge: Comparing Images Using the Hausdorff Distance, IEEE
       TPAMI 15(9), 1993.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from benchmark_n.masks import CropMask
from benchmark_n.masks.boundary import boundary


def hausdorff(a: CropMask, b: CropMask, spacing: tuple[float, float]) -> tuple[float, float] | None:
    """Hausdorff distance and its robust form with 95th percentiles, mm; None if a mask is empty.

    The boundary of a mask are its pixels with one of their eight neighbours outside; distances go
    from pixel centre to pixel centre. Both figures are the larger of the two directions.

    Parameters
    ----------
    spacing
        Width and height of a pixel, mm.
    """
    points = [boundary_points(mask, spacing) for mask in (a, b)]
    if not all(len(p) for p in points):
        return None
    ways = [cKDTree(points[1]).query(points[0])[0], cKDTree(points[0]).query(points[1])[0]]
    return (
        float(max(distances.max() for distances in ways)),
        float(max(np.percentile(distances, 95) for distances in ways)),
    )


def boundary_points(mask: CropMask, spacing: tuple[float, float]) -> NDArray[np.float64]:
    """Centres (P, 2) of the boundary's pixels, x and y in mm."""
    if not mask.pixels.size:
        return np.zeros((0, 2))
    band = boundary(mask, 1)
    rows, columns = np.nonzero(band.pixels)
    return np.asarray(np.stack([columns + band.x, rows + band.y], axis=1) * spacing, np.float64)
