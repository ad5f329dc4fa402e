"""Blocks of features as one array of principal components."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evidence.evidence import Floats

COMPONENTS = 300
# Standard deviations beyond which a feature is an outlier that is cut to this.
_MOST = 8.0
_SMALLEST = 1e-3
_OVERSAMPLED, _ROUNDS = 40, 6
_ROWS_AT_ONCE = 2048


def principal_components(
    blocks: Mapping[str, Floats], components: int = COMPONENTS
) -> NDArray[np.float64]:
    """The N rows of all blocks along the main axes of their joint scatter.

    Each block is standardised and divided by the square root of its width, so that each has a
    total variance of one however wide it is. A linear head with a quadratic penalty is the same
    on the rotated rows as on the joined ones.

    Parameters
    ----------
    blocks
        Each (N, D); they may be mapped from files larger than the memory.
    components
        Largest number kept; those of less than a thousandth of the largest singular value go.

    Returns
    -------
    float64 (N, P)
        Ordered by variance. The sign of each axis makes the entry largest in size positive.

    References
    ----------
    .. [1] Halko, Martinsson, Tropp: Finding structure with randomness, SIAM Review 53 (2011),
           algorithm 4.4.
    """
    rows = _Joined.of(blocks)
    count, width = rows.shape
    wanted = min(components, count, width)
    sketch = min(wanted + _OVERSAMPLED, count, width)
    basis = np.linalg.qr(rows.times(np.random.default_rng(0).normal(size=(width, sketch))))[0]
    for _ in range(_ROUNDS):
        basis = np.linalg.qr(rows.times(np.linalg.qr(rows.transposed_times(basis))[0]))[0]
    left, values, _ = np.linalg.svd(rows.transposed_times(basis).T, full_matrices=False)
    kept = values[:wanted] > _SMALLEST * values[0]
    made = basis @ left[:, :wanted][:, kept] * values[:wanted][kept]
    ends = made[np.abs(made).argmax(axis=0), np.arange(made.shape[1])]
    return np.asarray(made * np.sign(ends))


@dataclass(frozen=True)
class _Joined:
    """The standardised, joined rows, of which no more than some are in memory."""

    blocks: tuple[Floats, ...]
    means: tuple[NDArray[np.float64], ...]
    scales: tuple[NDArray[np.float64], ...]

    @classmethod
    def of(cls, blocks: Mapping[str, Floats]) -> _Joined:
        arrays = tuple(blocks.values())
        means, scales = [], []
        for array in arrays:
            means.append(array.mean(axis=0, dtype=np.float64))
            spread = np.maximum(array.std(axis=0, dtype=np.float64), 1e-6)
            scales.append(spread)
        return cls(arrays, tuple(means), tuple(scales))

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.blocks[0]), sum(block.shape[1] for block in self.blocks)

    def parts(self) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        for start in range(0, len(self.blocks[0]), _ROWS_AT_ONCE):
            place = slice(start, start + _ROWS_AT_ONCE)
            told = zip(self.blocks, self.means, self.scales, strict=True)
            joined = [
                np.clip((block[place] - mean) / scale, -_MOST, _MOST) / block.shape[1] ** 0.5
                for block, mean, scale in told
            ]
            yield place, np.concatenate(joined, axis=1)

    def times(self, right: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.concatenate([part @ right for _, part in self.parts()])

    def transposed_times(self, right: NDArray[np.float64]) -> NDArray[np.float64]:
        total = np.zeros((self.shape[1], right.shape[1]))
        for place, part in self.parts():
            total += part.T @ right[place]
        return total
