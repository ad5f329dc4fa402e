"""What polygons say beyond the pixels that they cover."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

Points = NDArray[np.float64]
_LEAST_AREA = 1e-9  # px²


@dataclass(frozen=True)
class Outline:
    """Measures of the polygons of an annotation.

    Parameters
    ----------
    vertices
        Different points of the largest polygon.
    area
        Sum of the polygons' areas, px².
    box_fill
        The largest share that a polygon has of its own box, 0 to 1, where there is one polygon;
        0 where there are several.
    crossing
        See `crossing_share`; the largest of the polygons.
    box
        Left, top, right and bottom of all points, px.
    """

    vertices: int
    area: float
    box_fill: float
    crossing: float
    box: tuple[float, float, float, float]


def measure_outline(polygons: Sequence[Sequence[float]]) -> Outline | None:
    """The measures of polygons ``[x0, y0, x1, y1, …]`` (px); None without one of three points.

    >>> measure_outline([[0, 0, 4, 0, 4, 2, 0, 2]])
    Outline(vertices=4, area=8.0, box_fill=1.0, crossing=0.0, box=(0.0, 0.0, 4.0, 2.0))
    """
    rings = [np.reshape(np.asarray(p, np.float64), (-1, 2)) for p in polygons if len(p) >= 6]
    if not rings:
        return None
    areas = [abs(signed_area(ring)) for ring in rings]
    every = np.concatenate(rings)
    (left, top), (right, bottom) = every.min(axis=0).tolist(), every.max(axis=0).tolist()
    box_area = (right - left) * (bottom - top)
    return Outline(
        vertices=len(np.unique(rings[int(np.argmax(areas))], axis=0)),
        area=float(sum(areas)),
        box_fill=areas[0] / box_area if len(rings) == 1 and box_area > 0 else 0.0,
        crossing=max(map(crossing_share, rings)),
        box=(left, top, right, bottom),
    )


def signed_area(ring: Points) -> float:
    """The area that the points (V, 2) walk around, px²; negative the other way round."""
    x, y = (ring - ring[0]).T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def crossing_share(ring: Points) -> float:
    """How much a polygon is another one for crossing itself, 0 to 1.

    It is the difference between the area that it fills, as `shapely.make_valid` has it, and the
    area that its points walk around, by the larger of the two. A polygon that only touches
    itself, such as one with a hole on a bridge, has 0; a figure of eight of equal halves 1.

    Parameters
    ----------
    ring
        float64 (V, 2), px, V of 3 or more.

    Examples
    --------
    >>> crossing_share(np.array([[0.0, 0], [4, 4], [4, 0], [0, 4]]))
    1.0
    """
    polygon = shapely.polygons(ring)
    if shapely.is_valid(polygon):
        return 0.0
    filled = float(shapely.area(shapely.make_valid(polygon)))
    walked = abs(signed_area(ring))
    larger = max(filled, walked)
    return abs(filled - walked) / larger if larger > _LEAST_AREA else 0.0
