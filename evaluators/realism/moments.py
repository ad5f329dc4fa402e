"""Robust figures of how second drawings depart from first ones: what `calibrate` reproduces."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.evaluators.realism.offsets import correlation_length, measure_offsets
from benchmark_n.evaluators.realism.outlines import longest_contour
from benchmark_n.masks.crop import CropMask

Floats = NDArray[np.float64]
MOMENTS = (
    *("offset_mean", "offset_sd", "shift_sd", "roughness", "growth", "quality_sd"),
    *("length", "length_growth", "clicks", "clicks_growth", "clicks_sd", "detail"),
)
# Smaller objects show no more than their pixels, px².
SMALLEST_AREA = 50
_FLATTEST = 0.1  # px; below it pixels hide the offset
_VERTEX_TOLERANCE, _DETAIL_TOLERANCE = 1.0, 2.0  # px
_COLUMNS = 8
_LOG_AREA, _MEAN, _LOG_SD, _SHIFT, _LOG_LENGTH, _BEFORE, _AFTER, _DETAIL = range(_COLUMNS)
_QUARTILES = 1.349  # between quartiles of a standard normal
_RAYLEIGH = 1.1774  # median of the length of a standard normal in the plane


def measure_pairs(clean: Sequence[CropMask], noisy: Sequence[CropMask]) -> Floats:
    """What moments are made of, float64 (N, 8); NaN rows for objects too small to show it.

    Examples
    --------
    >>> square = CropMask.from_full(np.pad(np.ones((20, 20)), 10))
    >>> rows = measure_pairs([square], [square])
    >>> rows.shape, round(float(np.exp(rows[0, 0])))  # the first is the logarithm of the area
    ((1, 8), 400)
    """
    return np.array([_measure(a, b) for a, b in zip(clean, noisy, strict=True)]).reshape(
        -1, _COLUMNS
    )


def _measure(clean: CropMask, noisy: CropMask) -> list[float]:
    found = measure_offsets(clean, noisy) if clean.area >= SMALLEST_AREA else None
    if found is None:
        return [np.nan] * _COLUMNS
    rough = found.unexplained
    return [
        np.log(clean.area),
        found.mean,
        np.log(max(rough.std(), _FLATTEST)),
        float(np.hypot(*found.translation)),
        np.log(max(correlation_length(rough), 1.0)),
        _log_vertices(clean, _VERTEX_TOLERANCE),
        _log_vertices(noisy, _VERTEX_TOLERANCE),
        _log_vertices(noisy, _DETAIL_TOLERANCE) - _log_vertices(clean, _DETAIL_TOLERANCE),
    ]


def _log_vertices(mask: CropMask, tolerance: float) -> float:
    contour = longest_contour(mask.pixels)
    return float(np.log(len(cv2.approxPolyDP(contour, tolerance, True))))


def moments(rows: Floats, centre: tuple[float, float]) -> Floats:
    """Values of MOMENTS, float64 (12,): scales as logarithms, at the centre.

    Parameters
    ----------
    rows
        Of `measure_pairs`; rows of NaN are left out.
    centre
        Logarithms of an area (px²) and of a number of vertices about which slopes turn, so that
        levels and slopes vary apart.
    """
    rows = rows[np.isfinite(rows[:, _LOG_SD])]
    area = rows[:, _LOG_AREA] - centre[0]
    growth, level = _line(area, rows[:, _LOG_SD])
    strength = np.exp(growth * area)
    offset = rows[:, _MEAN] / strength
    low, middle, high = np.quantile(offset, [0.25, 0.5, 0.75])
    shift = np.median(rows[:, _SHIFT] / strength) / _RAYLEIGH
    residual = rows[:, _LOG_SD] - growth * area - level
    quality = np.subtract(*np.quantile(residual, [0.84, 0.16])) / 2
    known = np.isfinite(rows[:, _LOG_LENGTH])
    longer, length = _line(area[known], rows[known, _LOG_LENGTH])
    before = rows[:, _BEFORE] - centre[1]
    denser, clicks = _line(before, rows[:, _AFTER])
    spread = np.std(rows[:, _AFTER] - denser * before - clicks)
    scales = np.log(np.maximum([(high - low) / _QUARTILES, shift, quality, spread], 1e-3))
    strengths = (middle, scales[0], scales[1], level, growth, scales[2])
    return np.array(
        [*strengths, length, longer, clicks, denser, scales[3], rows[:, _DETAIL].mean()]
    )


def centre_of(rows: Floats) -> tuple[float, float]:
    """Medians of log area and of log vertices of the clean masks."""
    return float(np.nanmedian(rows[:, _LOG_AREA])), float(np.nanmedian(rows[:, _BEFORE]))


def _line(x: Floats, y: Floats) -> tuple[float, float]:
    """Slope and value at 0 of the least-squares line; slope 0 where x does not vary."""
    if len(x) < 3 or np.ptp(x) < 1e-6:
        return 0.0, float(y.mean()) if len(y) else 0.0
    slope, level = np.polyfit(x, y, 1)
    return float(slope), float(level)
