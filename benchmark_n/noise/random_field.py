"""A smooth random field in integers: every environment draws the same.

White noise on grids of three spacings, interpolated by cubic B-splines. The sum has correlations
that fall roughly exponentially, as those of hand-drawn outlines do, and unit variance. All terms
are whole numbers below 2^53, so that sums in double precision are exact in any order.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from benchmark_n.runtime.random_streams import hashes

# Share of the variance, and spacing of the grid in correlation lengths.
SCALES = ((0.45, 0.6), (0.35, 1.5), (0.20, 3.8))
# Values are multiples of 2^-FIELD_BITS; weights of 2^-_WEIGHT_BITS.
FIELD_BITS = 24
_WEIGHT_BITS = 10
_PHASES = 64
# Mean over positions of the sum of a cubic B-spline's squared weights, in one dimension.
_SPLINE_POWER = 151 / 315
# Standard deviation of the sum of four 16-bit uniform numbers.
_WORD_SD = math.sqrt(4 * (65536**2 - 1) / 12)
_ROW = 1 << 20
# Steps per octave in which spacings are rounded, so that weights are used again.
_STEPS = 32
_FINEST, _COARSEST = 1.0, 4096.0
Field = NDArray[np.float64]


def smooth_field(seed: int, shape: tuple[int, ...], length: float, amplitude: float) -> Field:
    """A field of standard deviation `amplitude`, float64 of `shape` (height, width), whole.

    Parameters
    ----------
    seed
        Field and place decide a value: a larger field begins with the smaller one.
    length
        Distance over which values are alike, px: correlations are about 1/e there.
    amplitude
        In units of 2^-FIELD_BITS of what is wanted.
    """
    height, width = shape
    field: Field = np.zeros(shape)
    for number, (share, spacing) in enumerate(SCALES):
        step = _rounded(spacing * length)
        rows, columns = _weights(_padded(height), step), _weights(_padded(width), step)
        rows, columns = rows[:height], columns[:width]
        white = _white(seed, number, rows.shape[1], columns.shape[1])
        gain = amplitude * math.sqrt(share) / (_SPLINE_POWER * _WORD_SD)
        coarse = np.rint(white * (gain / (1 << 2 * _WEIGHT_BITS) * 2**8)) / 2**8
        field += _product(rows, coarse, columns)
    rounded: Field = np.rint(field)
    return rounded


def _product(rows: Field, coarse: Field, columns: Field) -> Field:
    """Interpolated along both axes, the shorter product first."""
    product: Field = rows @ (coarse @ columns.T)
    return product


def _white(seed: int, number: int, rows: int, columns: int) -> Field:
    """White noise of standard deviation _WORD_SD, whole numbers, float64 (rows, columns)."""
    places = np.arange(rows, dtype=np.int64)[:, None] * _ROW + np.arange(columns)
    words = hashes(seed, f"field.{number}", places.ravel()).view(np.uint16).reshape(-1, 4)
    total: Field = words.astype(np.float64).sum(axis=1) - 2 * 65535
    return total.reshape(rows, columns)


def _padded(size: int) -> int:
    """`size` rounded up, so that weights serve many sizes."""
    return -(-size // 64) * 64


def _rounded(spacing: float) -> float:
    """The nearest of the spacings in use, px."""
    steps = round(_STEPS * math.log2(min(max(spacing, _FINEST), _COARSEST)))
    return float(2.0 ** (steps / _STEPS))


@lru_cache(maxsize=512)
def _weights(size: int, spacing: float) -> Field:
    """Cubic B-spline weights of the grid's points at `size` pixels, whole, (size, points)."""
    step = round(spacing * 65536)
    position = np.arange(size, dtype=np.int64) * (65536 * _PHASES) // step
    first, phase = position // _PHASES, position % _PHASES
    weights = np.zeros((size, int(first[-1]) + 4))
    for k, column in enumerate(_phase_weights().T):
        weights[np.arange(size), first + k] = column[phase]
    return weights


@lru_cache(maxsize=1)
def _phase_weights() -> Field:
    """Weights of four neighbours by phase, whole numbers of 2^-_WEIGHT_BITS, (_PHASES, 4)."""
    t = np.arange(_PHASES) / _PHASES
    four = [(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]
    weights: Field = np.rint(np.stack(four, axis=1) / 6 * 2**_WEIGHT_BITS)
    return weights
