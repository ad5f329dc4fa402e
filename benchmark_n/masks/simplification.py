"""Douglas-Peucker on closed outlines that never collapses and never crosses itself anew.

References
----------
.. [1] Douglas, Peucker: Algorithms for the reduction of the number of points required to represent
       a digitized line or its caricature, Cartographica 10(2), 1973.
.. [2] Saalfeld: Topologically consistent line simplification with the Douglas-Peucker algorithm,
       Cartography and Geographic Information Science 26(1), 1999.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.int64]
# A triangle and its first point again: an outline keeps at least these.
_FEWEST = 4
# Coordinates count in this part of a pixel, so that what crosses is told in whole numbers alone.
_PART = 256


def simplify_ring(vertices: NDArray[np.generic], tolerance: float) -> NDArray[np.intp]:
    """Which vertices of a closed outline are kept, ascending.

    Sections are replaced by straight lines while none of their vertices is farther away than the
    tolerance. A line that would cross or touch the outline is not drawn, and three vertices stay.

    Parameters
    ----------
    vertices
        (V, 2), x and y in px, the first not repeated at the end.
    tolerance
        px.

    Examples
    --------
    >>> square = np.array([[0, 0], [5, 1], [10, 0], [10, 10], [0, 10]])
    >>> simplify_ring(square, 2.0).tolist()
    [0, 2, 3, 4]
    """
    points = np.rint(np.asarray(vertices, np.float64) * _PART).astype(np.int64)
    if len(points) < _FEWEST:
        return np.arange(len(points))
    ring = _Ring(np.concatenate([points, points[:1]]), tolerance * _PART)
    ring.simplify()
    return np.array(ring.kept, np.intp)


@dataclass
class _Ring:
    """An outline in work; its last point is its first one.

    Parameters
    ----------
    kept
        Points kept so far, in order.
    """

    points: Points
    tolerance: float
    kept: list[int] = field(default_factory=lambda: [0])

    def __post_init__(self) -> None:
        # The outline as it is now: the line that replaced a section stands in its first place.
        self.starts, self.ends = self.points[:-1].copy(), self.points[1:].copy()
        self.present = np.ones(len(self.starts), np.bool_)

    def simplify(self) -> None:
        """Fill `kept`."""
        waiting = [(0, len(self.points) - 1, 1)]
        while waiting:
            first, last, depth = waiting.pop()
            if first + 1 < last:
                farthest, distance = self._farthest(first, last)
                enough = len(self.kept) >= _FEWEST or depth + 1 >= _FEWEST
                near = distance <= self.tolerance
                if not (enough and near and self._free(first, last, range(first, last))):
                    waiting += [(farthest, last, depth + 1), (first, farthest, depth + 1)]
                    continue
                self._replace(first, last)
            self.kept.append(last)
        self.kept.pop()  # the first point again
        self._drop_first()

    def _drop_first(self) -> None:
        """Leave out the first point too, where the line between its neighbours is near it."""
        if len(self.kept) < _FEWEST:
            return
        before, after = self.kept[-1], self.kept[1]
        distance = _distances(self.points[:1], self.points[before], self.points[after])[0]
        if distance <= self.tolerance and self._free(before, after, [0, before]):
            self.kept = self.kept[1:]

    def _farthest(self, first: int, last: int) -> tuple[int, float]:
        between = self.points[first + 1 : last]
        distances = _distances(between, self.points[first], self.points[last])
        place = int(distances.argmax())
        return first + 1 + place, float(distances[place])

    def _free(self, first: int, last: int, replaced: Sequence[int]) -> bool:
        """Whether the line between two points meets no line of the outline but at its ends."""
        a, b = self.points[first], self.points[last]
        low, high = np.minimum(a, b), np.maximum(a, b)
        others = self.present.copy()
        others[replaced] = False
        near = (np.maximum(self.starts, self.ends) >= low) & (
            np.minimum(self.starts, self.ends) <= high
        )
        others &= near.all(axis=1)
        return not _meet(a, b, self.starts[others], self.ends[others]).any()

    def _replace(self, first: int, last: int) -> None:
        self.present[first:last] = False
        self.starts[first], self.ends[first] = self.points[first], self.points[last]
        self.present[first] = True


def _distances(points: Points, a: Points, b: Points) -> NDArray[np.float64]:
    """Distance of each point, (N, 2), from the line segment between `a` and `b`; float64 (N,)."""
    # Sums, products, quotients and roots alone: every machine rounds them alike.
    along, away = (b - a).astype(np.float64), (points - a).astype(np.float64)
    squared = along[0] * along[0] + along[1] * along[1]
    from_a = np.sqrt(away[:, 0] * away[:, 0] + away[:, 1] * away[:, 1])
    if not squared:
        return from_a
    beyond = (points - b).astype(np.float64)
    from_b = np.sqrt(beyond[:, 0] * beyond[:, 0] + beyond[:, 1] * beyond[:, 1])
    across = np.abs(along[0] * away[:, 1] - along[1] * away[:, 0]) / np.sqrt(squared)
    dot = along[0] * away[:, 0] + along[1] * away[:, 1]
    return np.where(dot <= 0, from_a, np.where(dot >= squared, from_b, across))


def _meet(a: Points, b: Points, c: Points, d: Points) -> NDArray[np.bool_]:
    """Whether the segment a-b is one of the segments c-d (N, 2), or meets its or their insides."""
    sides = [np.sign(_cross(b - a, p - a)) for p in (c, d)]
    facing = [np.sign(_cross(d - c, p - c)) for p in (a, b)]
    crosses = (sides[0] * sides[1] < 0) & (facing[0] * facing[1] < 0)
    inside = [
        (side == 0) & _strictly_between(p, a, b) for side, p in zip(sides, (c, d), strict=True)
    ]
    holds = [
        (side == 0) & _strictly_between(p, c, d) for side, p in zip(facing, (a, b), strict=True)
    ]
    same = ((a == c) & (b == d)).all(axis=1) | ((a == d) & (b == c)).all(axis=1)
    found: NDArray[np.bool_] = np.logical_or.reduce([crosses, *inside, *holds, same])
    return found


def _cross(u: Points, v: Points) -> Points:
    product: Points = u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]
    return product


def _strictly_between(p: Points, a: Points, b: Points) -> NDArray[np.bool_]:
    """Whether points on the line through `a` and `b` lie between them, and are neither."""
    product = ((p - a) * (p - b)).sum(axis=-1)
    found: NDArray[np.bool_] = product < 0
    return found
