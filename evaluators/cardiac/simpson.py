"""Volumes of the left ventricle by Simpson's biplane method of disks.

The long axis runs from the middle of the base to the apex; along it lie 20 disks of equal height,
elliptic with the widths of the two views as their axes. Apical views have the apex at the top.

References
----------
.. [1] Lang et al.: Recommendations for Cardiac Chamber Quantification by Echocardiography in
       Adults, J Am Soc Echocardiogr 28(1), 2015 (biplane disk summation).
.. [2] Leclerc et al.: Deep Learning for Segmentation using an Open Large-Scale Dataset in 2D
       Echocardiography, IEEE TMI 38(9), 2019 (EDV, ESV and EF from masks of two views).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from benchmark_n.masks import CropMask

Points = NDArray[np.float64]
DISKS = 20
_MM3_A_ML = 1000.0
_STEPS_A_PIXEL = 4


@dataclass(frozen=True)
class Axis:
    """Long axis in mm: middle of the base, unit vector towards the apex (x, y), length."""

    base: Points
    direction: Points
    length: float


@dataclass(frozen=True)
class Plane:
    """The ventricle in one view: length of the axis and widths (20,) of the disks, mm."""

    length: float
    widths: NDArray[np.float64]


def measure_plane(mask: CropMask, spacing: tuple[float, float]) -> Plane | None:
    """Long axis and disk widths of a mask; None for one that is empty or a single line.

    Parameters
    ----------
    spacing
        Width and height of a pixel, mm.
    """
    axis = long_axis(mask, spacing)
    if axis is None:
        return None
    return Plane(axis.length, _widths(mask, spacing, axis))


def long_axis(mask: CropMask, spacing: tuple[float, float]) -> Axis | None:
    """From the middle of the base to the point of the mask farthest from it.

    The corners of the base are the mask's farthest points down to the left and down to the right,
    at 45 degrees to the principal axis that runs down the image.
    """
    rows, columns = np.nonzero(mask.pixels)
    if len(rows) < 2 or np.ptp(rows) == 0 or np.ptp(columns) == 0:
        return None
    points = np.stack([columns + mask.x, rows + mask.y], axis=1) * np.array(spacing)
    down = _principal_direction(points)
    side = np.array([down[1], -down[0]])
    corners = [points[np.argmax(points @ (down + sign * side))] for sign in (-1, 1)]
    base = np.mean(corners, axis=0)
    apex = points[np.argmax(np.linalg.norm(points - base, axis=1) * ((points - base) @ down < 0))]
    length = float(np.linalg.norm(apex - base))
    if not length:
        return None
    direction = (apex - base) / length
    # Pixel centres lie half a pixel inside the outline, at either end.
    margin = 0.5 * float(np.abs(direction) @ np.array(spacing))
    return Axis(base - margin * direction, direction, length + 2 * margin)


def _principal_direction(points: Points) -> Points:
    """Unit vector of the principal axis within 45 degrees of the vertical, pointing down."""
    _, vectors = np.linalg.eigh(np.cov(points.T))
    direction: Points = vectors[:, np.argmax(np.abs(vectors[1]))]
    return direction if direction[1] > 0 else -direction


def _widths(mask: CropMask, spacing: tuple[float, float], axis: Axis) -> NDArray[np.float64]:
    """Length of the mask on the line across the middle of each disk, mm (20,)."""
    h, w = mask.pixels.shape
    step = min(spacing) / _STEPS_A_PIXEL
    reach = math.hypot(h * spacing[1], w * spacing[0])
    offsets = np.arange(-reach, reach, step)
    across = np.array([axis.direction[1], -axis.direction[0]])
    heights = (np.arange(DISKS) + 0.5) / DISKS * axis.length
    centres = axis.base + heights[:, None] * axis.direction
    points = centres[:, None, :] + offsets[None, :, None] * across
    x, y = points[..., 0] / spacing[0] - mask.x, points[..., 1] / spacing[1] - mask.y
    values = map_coordinates(mask.pixels.astype(float), [y, x], order=1, mode="grid-constant")
    widths: NDArray[np.float64] = values.sum(axis=1) * step
    return widths


def volume(planes: Sequence[Plane], length: float) -> float:
    """Volume in ml of the disks of two planes, or of one whose disks are then taken for round.

    ``V = pi / 4 * sum(a_i b_i) * length / 20``, with `length` in mm.
    """
    first, last = planes[0], planes[-1]
    disks = math.pi / 4 * float(first.widths @ last.widths) * length / DISKS
    return disks / _MM3_A_ML


def ejection_fraction(edv: float, esv: float) -> float:
    """EF in percent of the end-diastolic and the end-systolic volume.

    The paper's example: an EF of 45 % with both volumes off by 5 % in opposite directions.

    >>> round(ejection_fraction(95, 55 * 1.05), 1), round(ejection_fraction(105, 55 * 0.95), 1)
    (39.2, 50.2)
    """
    return 100 * (edv - esv) / edv
