"""A smooth random field: every environment draws the same bits.

White noise on grids of three spacings, interpolated by cubic B-splines. The sum has correlations
that fall roughly exponentially, as those of hand-drawn outlines do, and unit variance. What is
summed are whole numbers below 2^24, so that sums in single precision are exact in any order.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from benchmark_n.runtime.random_streams import hashes

# Share of the variance, and spacing of the grid in correlation lengths.
SCALES = ((0.45, 0.6), (0.35, 1.5), (0.20, 3.8))
# Weights are multiples of 2^-_WEIGHT_BITS; noise on the grids has this standard deviation at most.
# Three grids at 2.5 deviations at most, times weights, stay below 2^24.
_WEIGHT_BITS = 9
_GRID_SD = 8192
_PHASES = 128
# Mean over positions of the sum of a cubic B-spline's squared weights, in one dimension.
_SPLINE_POWER = 151 / 315
# Standard deviation of a 16-bit uniform number, and which of a hash's four are each grid's.
_WORD_SD = math.sqrt((65536**2 - 1) / 12)
_WORDS = (slice(0, 2), slice(2, 3), slice(3, 4))
_ROW = 1 << 20
# Steps per octave in which spacings are rounded, so that weights are used again.
_STEPS = 32
_FINEST, _COARSEST = 1.0, 4096.0
# Rows that are multiplied at once: for so few no BLAS starts threads.
_BLOCK = 16
Field = NDArray[np.float32]


def smooth_field(seed: int, shape: tuple[int, int], length: float, amplitude: float) -> Field:
    """A field of standard deviation `amplitude`, float32 (height, width).

    Parameters
    ----------
    seed
        Field and place decide a value: a larger field begins with the smaller one.
    shape
        Height and width, px.
    length
        Distance over which values are alike, px: correlations are about 1/e there.
    amplitude
        In units of what is wanted.
    """
    height, width = shape
    axes = []
    for _, spacing in SCALES:
        step = _rounded(spacing * length)
        axes.append((_weights_of(-(-height // _BLOCK) * _BLOCK, step), _weights_of(width, step)))
    grids = _grids(seed, [(len(rows.T), len(columns.T)) for rows, columns in axes])
    field = _interpolated(grids, axes)[:height]
    gain = amplitude / (_GRID_SD * _SPLINE_POWER * 2**_WEIGHT_BITS)
    field *= np.float32(gain)
    return field


def _interpolated(grids: list[Field], axes: list[tuple[Field, Field]]) -> Field:
    """The sum of the grids between their points, in 2^-_WEIGHT_BITS; all products are exact."""
    across = np.concatenate(
        [grid @ columns.T for grid, (_, columns) in zip(grids, axes, strict=True)]
    )
    across *= np.float32(2.0**-_WEIGHT_BITS)
    np.rint(across, out=across)
    weights = np.concatenate([rows for rows, _ in axes], axis=1)
    blocks = weights.reshape(-1, _BLOCK, weights.shape[1]) @ across
    product: Field = blocks.reshape(len(weights), -1)
    return product


def _grids(seed: int, shapes: list[tuple[int, int]]) -> list[Field]:
    """White noise on the grids, whole numbers, of standard deviation _GRID_SD sqrt(share).

    The first grid is the largest. Words of one hash at a point serve all grids.
    """
    rows, columns = shapes[0]
    places = np.arange(rows)[:, None] * _ROW + np.arange(columns)
    words = hashes(seed, "field", places.ravel()).view(np.uint16).reshape(rows, columns, 4)
    grids = []
    for (share, _), used, (rows, columns) in zip(SCALES, _WORDS, shapes, strict=True):
        count = used.stop - used.start
        white = words[:rows, :columns, used.start].astype(np.float32)
        for further in range(used.start + 1, used.stop):
            white += words[:rows, :columns, further]
        white -= np.float32(count * 65535 / 2)
        white *= np.float32(_GRID_SD * math.sqrt(share / count) / _WORD_SD)
        grids.append(np.rint(white, out=white))
    return grids


def _weights_of(size: int, spacing: float) -> Field:
    """Rows of `_weights` for the first `size` pixels, with the grid's points that they need."""
    weights, needed = _weights(_padded(size), spacing)
    return weights[:size, : needed[size - 1]]


def _padded(size: int) -> int:
    """`size` rounded up, so that weights serve many sizes."""
    return -(-size // 64) * 64


def _rounded(spacing: float) -> float:
    """The nearest of the spacings in use, px."""
    steps = round(_STEPS * math.log2(min(max(spacing, _FINEST), _COARSEST)))
    return float(2.0 ** (steps / _STEPS))


@lru_cache(maxsize=512)
def _weights(size: int, spacing: float) -> tuple[Field, list[int]]:
    """Cubic B-spline weights of the grid's points at `size` pixels, whole, (size, points).

    With the number of points that the pixels up to each one need.
    """
    step = round(spacing * 65536)
    position = np.arange(size, dtype=np.int64) * (65536 * _PHASES) // step
    first, phase = position // _PHASES, position % _PHASES
    weights = np.zeros((size, int(first[-1]) + 4), np.float32)
    for k, column in enumerate(_phase_weights().T):
        weights[np.arange(size), first + k] = column[phase]
    return weights, (first + 4).tolist()


@lru_cache(maxsize=1)
def _phase_weights() -> Field:
    """Weights of four neighbours by phase, in 2^-_WEIGHT_BITS, (_PHASES, 4); they sum to 1."""
    t = np.arange(_PHASES) / _PHASES
    four = [(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]
    exact = np.stack(four, axis=1) / 6 * 2**_WEIGHT_BITS
    weights: Field = np.rint(exact).astype(np.float32)
    largest = exact.argmax(axis=1)
    weights[np.arange(_PHASES), largest] += 2**_WEIGHT_BITS - weights.sum(axis=1)
    return weights
