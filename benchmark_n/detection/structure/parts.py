"""The parts of a mask: how many, how large, how far apart, and what lies between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from benchmark_n.masks import CropMask

# The largest parts that are looked at; what is beyond them is dust.
_MOST_PARTS = 24
_STEPS = 33
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Split:
    """The widest gap that cuts a mask in two sides.

    Parameters
    ----------
    gap
        Distance between the sides, px; 0 where they touch.
    small, large
        Area of either side, px².
    bridge
        float64 (2, 2): the two nearest points, (x, y), px.
    """

    gap: float
    small: float
    large: float
    bridge: Floats

    @property
    def relative_gap(self) -> float:
        """The gap in sides of the square that is as large as the smaller side."""
        return self.gap / float(np.sqrt(self.small))


def part_areas(mask: CropMask) -> NDArray[np.int64]:
    """Pixels of each part (8-connected), the largest first.

    >>> part_areas(CropMask.from_full(np.array([[1, 0, 1], [0, 0, 1]])))
    array([2, 1])
    """
    if not mask.area:
        return np.zeros(0, np.int64)
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.pixels, connectivity=8)
    return np.sort(stats[1:, cv2.CC_STAT_AREA].astype(np.int64))[::-1]


def splits(polygons: Sequence[Sequence[float]], least: Sequence[float]) -> list[Split | None]:
    """The widest split of polygons for each share that the smaller side has at least.

    Polygons are joined from the nearest on (single linkage), so a cut is an edge of the minimum
    spanning tree.

    Parameters
    ----------
    polygons
        ``[x0, y0, x1, y1, …]``, px.
    least
        Shares of the area, 0 to 0.5.

    Returns
    -------
    For each of `least` a split, None where no cut leaves sides that are large enough.

    Examples
    --------
    >>> left, right = [0, 0, 2, 0, 2, 2, 0, 2], [5, 0, 7, 0, 7, 2, 5, 2]
    >>> [split.gap for split in splits([left, right], [0.1])]
    [3.0]
    """
    rings = [np.reshape(p, (-1, 2)) for p in polygons if len(p) >= 6]
    shapes = shapely.make_valid(np.array([shapely.polygons(ring) for ring in rings], object))
    areas = shapely.area(shapes)
    largest = np.argsort(-areas, kind="stable")[:_MOST_PARTS]
    largest = largest[areas[largest] > 0]
    if len(largest) < 2:
        return [None] * len(least)
    cuts = _cuts(shapes[largest], areas[largest])
    total = float(areas.sum())
    return [
        max(
            (cut for cut in cuts if cut.small >= share * total),
            key=lambda cut: cut.gap,
            default=None,
        )
        for share in least
    ]


def _cuts(shapes: NDArray[Any], areas: Floats) -> list[Split]:
    """What each edge of the minimum spanning tree cuts in two."""
    edges = _spanning_tree(shapely.distance(shapes[:, None], shapes[None]))
    cuts = []
    for i, j in edges:
        side = _reached([edge for edge in edges if edge != (i, j)], j)
        one = float(areas[sorted(side)].sum())
        other = float(areas.sum()) - one
        bridge = shapely.shortest_line(shapes[i], shapes[j])
        points = shapely.get_coordinates(bridge)
        cuts.append(Split(float(bridge.length), min(one, other), max(one, other), points))
    return cuts


def _spanning_tree(distances: Floats) -> list[tuple[int, int]]:
    """Edges of the minimum spanning tree (Prim)."""
    near, parent = distances[0].copy(), np.zeros(len(distances), int)
    left = np.arange(len(distances)) > 0
    edges = []
    while left.any():
        j = int(np.argmin(np.where(left, near, np.inf)))
        edges.append((int(parent[j]), j))
        left[j] = False
        closer = left & (distances[j] < near)
        near[closer], parent[closer] = distances[j][closer], j
    return edges


def _reached(edges: Sequence[tuple[int, int]], start: int) -> set[int]:
    """The nodes that hang together with `start`."""
    side, waiting = {start}, [start]
    while waiting:
        node = waiting.pop()
        beside = {b if a == node else a for a, b in edges if node in (a, b)} - side
        side |= beside
        waiting += beside
    return side


def covered_share(bridge: Floats, masks: Sequence[CropMask]) -> float:
    """Share of the points of a segment, both ends left out, that lie in one of the masks, 0 to 1.

    Parameters
    ----------
    bridge
        float64 (2, 2): two points, px.
    """
    steps = np.linspace(0, 1, _STEPS + 2)[1:-1, None]
    points = np.floor(bridge[0] + steps * (bridge[1] - bridge[0])).astype(int)
    covered = np.zeros(len(points), bool)
    for mask in masks:
        h, w = mask.pixels.shape
        x, y = points[:, 0] - mask.x, points[:, 1] - mask.y
        inside = (x >= 0) & (y >= 0) & (x < w) & (y < h)
        covered[inside] |= mask.pixels[y[inside], x[inside]] > 0
    return float(covered.mean())
