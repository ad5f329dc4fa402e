"""How one outline of an object departs from another, along the first one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.evaluators.realism.outlines import (
    even_points,
    longest_contour,
    vertices_per_100px,
)
from benchmark_n.masks.boundary import boundary_distance, mask_and_boundary_iou
from benchmark_n.masks.crop import CropMask, Pixels

PAIR_FEATURES = (
    *("iou", "boundary_iou", "mean", "mean_rel", "sd", "sd_rel", "p95", "length", "length_rel"),
    *("roughness", "step", "outline_ratio", "dilation", "shift_share", "log_area_ratio"),
    *("shift", "shift_rel", "vertex_ratio", "size"),
)
_MARGIN = 12
# Shorter outlines, or flatter offsets (px), have no correlation length.
_SHORTEST, _FLATTEST = 60, 0.3
_SHORT_WAVE = 8  # px
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Offsets:
    """Signed distance of the second outline from the first, px, positive outwards.

    Parameters
    ----------
    values
        float64 (n,), a pixel apart along the first one's longest outline.
    normals
        float64 (n, 2), outward unit normals.
    shift
        Movement of the centroid, (x, y), px.
    """

    values: Floats
    normals: Floats
    shift: tuple[float, float]

    @property
    def mean(self) -> float:
        """Mean offset, px."""
        return float(self.values.mean())

    @property
    def sd(self) -> float:
        """Standard deviation of the offset along the outline, px."""
        return float(self.values.std())

    @property
    def length(self) -> float:
        """Distance along the outline at which correlation falls below 1/e, px; NaN if unknown."""
        return correlation_length(self.values - self.mean)

    @property
    def shift_share(self) -> float:
        """Share of the squared offsets that a shift explains beyond their mean."""
        left = (self.unexplained**2).sum()
        total = max(float((self.values**2).sum()), 1e-9)
        return float(max(0.0, (((self.values - self.mean) ** 2).sum() - left) / total))

    @property
    def unexplained(self) -> Floats:
        """What neither a constant offset nor a shift explains, px, float64 (n,)."""
        design = np.column_stack([np.ones(len(self.values)), self.normals])
        left: Floats = self.values - design @ self._solution
        return left

    @property
    def translation(self) -> tuple[float, float]:
        """The shift (x, y) of the whole outline that explains most, px."""
        _, x, y = self._solution.tolist()
        return x, y

    @cached_property
    def _solution(self) -> Floats:
        design = np.column_stack([np.ones(len(self.values)), self.normals])
        solution: Floats = np.linalg.pinv(design.T @ design) @ (design.T @ self.values)
        return solution

    @property
    def short_waves(self) -> float:
        """Share of the offsets' variance in waves shorter than 8 px."""
        power = np.abs(np.fft.rfft(self.values - self.mean)) ** 2
        waves = len(self.values) / np.maximum(np.arange(len(power)), 1e-9)
        return float(power[waves < _SHORT_WAVE].sum() / max(power[1:].sum(), 1e-9))


def correlation_length(values: Floats) -> float:
    """Distance at which the correlation of values along a closed outline falls below 1/e, px.

    NaN for fewer than 60 values, or where their standard deviation is below .3 px.

    Examples
    --------
    >>> waves = np.sin(np.arange(400) * 2 * np.pi / 40)  # of 40 px
    >>> round(correlation_length(waves), 1)  # cos(2 pi x / 40) falls to 1/e there
    7.6
    """
    n = len(values)
    if n < _SHORTEST or values.std() <= _FLATTEST:
        return math.nan
    power = np.abs(np.fft.rfft(values)) ** 2
    correlation = np.fft.irfft(power, n)[: n // 2]
    low = np.flatnonzero(correlation < correlation[0] / math.e)
    if not len(low):
        return n / 2
    k = int(low[0])
    here, before = correlation[k], correlation[k - 1]
    return float(k - (correlation[0] / math.e - here) / (before - here))


def measure_offsets(clean: CropMask, noisy: CropMask) -> Offsets | None:
    """Offsets of two masks that are not empty; None where the first is too small to have any.

    Examples
    --------
    >>> import numpy as np
    >>> square = CropMask.from_full(np.pad(np.ones((20, 20)), 10))
    >>> moved = CropMask.from_full(np.roll(square.full(), 3, axis=1))
    >>> measure_offsets(square, moved).shift
    (3.0, 0.0)
    """
    first, second = _window(clean, noisy)
    points = even_points(longest_contour(first))
    if points is None:
        return None
    values = _sampled(_distances(second) - _distances(first), points)
    ahead = np.roll(points, -3, axis=0) - np.roll(points, 3, axis=0)
    normals = np.column_stack([-ahead[:, 1], ahead[:, 0]])
    normals /= np.maximum(np.hypot(*normals.T), 1e-9)[:, None]
    (x, y), (u, v) = _centroid(first), _centroid(second)
    return Offsets(values, normals, (u - x, v - y))


def pair_features(clean: CropMask, noisy: CropMask) -> list[float]:
    """Values of PAIR_FEATURES for two masks that are not empty; NaN for what is not shown."""
    distance = boundary_distance(clean.height, clean.width)
    size = math.sqrt(clean.area)
    ratios = [math.log(noisy.area / clean.area)]
    before, after = longest_contour(clean.pixels), longest_contour(noisy.pixels)
    dense = max(vertices_per_100px(before, 1.0), 0.1)
    last = [vertices_per_100px(after, 1.0) / dense, size]
    outline = cv2.arcLength(after, True) / max(cv2.arcLength(before, True), 1.0)
    ious = mask_and_boundary_iou(clean, noisy, distance)
    found = measure_offsets(clean, noisy)
    if found is None:
        return [
            *ious,
            *[math.nan] * 9,
            outline,
            math.nan,
            math.nan,
            *ratios,
            *[math.nan] * 2,
            *last,
        ]
    values, shift = found.values, math.hypot(*found.shift)
    p95 = float(np.percentile(np.abs(values), 95)) / max(found.sd, 0.05)
    step = float(np.abs(np.diff(values, append=values[:1])).mean())
    dilation = len(values) * found.mean**2 / max(float((values**2).sum()), 1e-9)
    return [
        *(*ious, found.mean, found.mean / size, found.sd, found.sd / size, p95),
        *(found.length, found.length / size, found.short_waves, step, outline),
        *(dilation, found.shift_share, *ratios, shift, shift / size, *last),
    ]


def _window(clean: CropMask, noisy: CropMask) -> tuple[Pixels, Pixels]:
    """Both masks in the window that holds them, with a margin where the image has one."""
    boxes = [mask.bbox for mask in (clean, noisy)]
    left = max(min(x for x, _, _, _ in boxes) - _MARGIN, 0)
    top = max(min(y for _, y, _, _ in boxes) - _MARGIN, 0)
    right = min(max(x + w for x, _, w, _ in boxes) + _MARGIN, clean.width)
    bottom = min(max(y + h for _, y, _, h in boxes) + _MARGIN, clean.height)
    window = (left, top, right, bottom)
    return clean.window(*window).pixels, noisy.window(*window).pixels


def _distances(pixels: Pixels) -> NDArray[np.float32]:
    """Signed distance to the mask's edge, px, positive inside; the image's border is an edge."""
    framed = cv2.copyMakeBorder(pixels, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    inside = cv2.distanceTransform(framed, cv2.DIST_L2, 5)
    outside = cv2.distanceTransform(1 - framed, cv2.DIST_L2, 5)
    signed: NDArray[np.float32] = np.where(framed > 0, inside - 0.5, 0.5 - outside)[1:-1, 1:-1]
    return signed


def _sampled(field: NDArray[np.float32], points: Floats) -> Floats:
    x, y = (np.ascontiguousarray(points[:, [axis]], np.float32) for axis in (0, 1))
    border = cv2.BORDER_REPLICATE
    sampled: Floats = (
        cv2.remap(field, x, y, cv2.INTER_LINEAR, borderMode=border).ravel().astype(float)
    )
    return sampled


def _centroid(pixels: Pixels) -> tuple[float, float]:
    moments = cv2.moments(pixels, binaryImage=True)
    return moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]
