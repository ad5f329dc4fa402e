"""Outlines and textures of the twelve categories of the embedded dataset `scenes`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Grid = NDArray[np.float64]


@dataclass(frozen=True)
class DrawnShape:
    """A category: its outline in units of its radius, its holes, and its texture.

    `outline` is an array (V, 2); `texture` maps two coordinate grids in units of the radius to a
    boolean grid that chooses between two colours.
    """

    name: str
    supercategory: str
    outline: Points
    holes: tuple[Points, ...]
    texture: Callable[[Grid, Grid], NDArray[np.bool_]]


def _circle(rx: float, ry: float = 0.0, count: int = 40) -> Points:
    angles = [2 * math.pi * i / count for i in range(count)]
    return np.array([[rx * math.cos(a), (ry or rx) * math.sin(a)] for a in angles])


def _radial(radii: Sequence[float]) -> Points:
    """A closed outline through points at equal angles and the given radii."""
    step = 2 * math.pi / len(radii)
    return np.array(
        [[r * math.sin(i * step), -r * math.cos(i * step)] for i, r in enumerate(radii)]
    )


def _crescent() -> Points:
    outer = [(math.cos(a), math.sin(a)) for a in np.linspace(0.7, 2 * math.pi - 0.7, 30).tolist()]
    inner = [
        (0.45 + 0.72 * math.cos(a), 0.72 * math.sin(a))
        for a in np.linspace(2 * math.pi - 1.1, 1.1, 24).tolist()
    ]
    return np.array(outer + inner)


def _heart() -> Points:
    angles = [2 * math.pi * i / 40 for i in range(40)]
    x = [16 * math.sin(a) ** 3 for a in angles]
    y = [
        -(13 * math.cos(a) - 5 * math.cos(2 * a) - 2 * math.cos(3 * a) - math.cos(4 * a))
        for a in angles
    ]
    return np.stack([np.array(x), np.array(y)], axis=1) / 17


def _drop() -> Points:
    angles = [2 * math.pi * i / 40 for i in range(40)]
    return np.array(
        [[0.62 * math.sin(a) * math.sin(a / 2) ** 2 * 1.6, -math.cos(a)] for a in angles]
    )


_CROSS = (
    np.array(
        [
            [a, b]
            for a, b in (
                (-1, -3),
                (1, -3),
                (1, -1),
                (3, -1),
                (3, 1),
                (1, 1),
                (1, 3),
                (-1, 3),
                (-1, 1),
                (-3, 1),
                (-3, -1),
                (-1, -1),
            )
        ]
    )
    / 3.0
)
_SQUARE = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])


def _stripes(u: Grid, v: Grid) -> NDArray[np.bool_]:
    return np.asarray(np.floor(u * 3.0) % 2 == 0)


def _checks(u: Grid, v: Grid) -> NDArray[np.bool_]:
    return np.asarray((np.floor(u * 2.5) + np.floor(v * 2.5)) % 2 == 0)


def _dots(u: Grid, v: Grid) -> NDArray[np.bool_]:
    return np.asarray((u * 2 - np.round(u * 2)) ** 2 + (v * 2 - np.round(v * 2)) ** 2 < 0.09)


def _plain(u: Grid, v: Grid) -> NDArray[np.bool_]:
    return np.zeros(u.shape, np.bool_)


SHAPES: tuple[DrawnShape, ...] = (
    DrawnShape("disc", "round", _circle(1.0), (), _stripes),
    DrawnShape("ring", "round", _circle(1.0), (_circle(0.5),), _plain),
    DrawnShape("ellipse", "round", _circle(1.0, 0.55), (), _checks),
    DrawnShape("triangle", "polygon", _radial([1.0] * 3), (), _dots),
    DrawnShape("frame", "polygon", _SQUARE * 0.8, (_SQUARE * 0.42,), _plain),
    DrawnShape("hexagon", "polygon", _radial([1.0] * 6), (), _checks),
    DrawnShape("star", "spiky", _radial([1.0, 0.42] * 5), (), _plain),
    DrawnShape("cross", "spiky", _CROSS, (), _stripes),
    DrawnShape("gear", "spiky", _radial([1.0, 1.0, 0.74, 0.74] * 8), (_circle(0.3),), _dots),
    DrawnShape("crescent", "curved", _crescent(), (), _plain),
    DrawnShape("heart", "curved", _heart(), (), _dots),
    DrawnShape("drop", "curved", _drop(), (), _stripes),
)


@dataclass(frozen=True)
class Pose:
    """Where a shape lies: centre (x, y) and radius in px, angle in radians."""

    centre: tuple[float, float]
    radius: float
    angle: float


def shape_mask(shape: DrawnShape, pose: Pose) -> tuple[NDArray[np.uint8], int, int]:
    """The whole shape, uint8 0/1, and the column and row of its first pixel (maybe negative)."""
    cos, sin = math.cos(pose.angle), math.sin(pose.angle)
    turn = np.array([[cos, sin], [-sin, cos]])
    rings = [
        np.rint(ring * pose.radius @ turn + np.array(pose.centre)).astype(np.int32)
        for ring in (shape.outline, *shape.holes)
    ]
    x, y, w, h = cv2.boundingRect(rings[0])
    mask = np.zeros((h, w), np.uint8)
    cv2.fillPoly(mask, [rings[0]], (1,), offset=(-x, -y))
    for hole in rings[1:]:
        cv2.fillPoly(mask, [hole], (0,), offset=(-x, -y))
    return mask, x, y


def shape_texture(
    shape: DrawnShape, pose: Pose, x: int, y: int, height: int, width: int
) -> NDArray[np.bool_]:
    """Which of two colours each pixel of the crop at (x, y) has, bool (height, width)."""
    rows, columns = np.mgrid[y : y + height, x : x + width].astype(np.float64)
    columns = (columns - pose.centre[0]) / pose.radius
    rows = (rows - pose.centre[1]) / pose.radius
    u = columns * math.cos(pose.angle) + rows * math.sin(pose.angle)
    v = rows * math.cos(pose.angle) - columns * math.sin(pose.angle)
    return shape.texture(u, v)
