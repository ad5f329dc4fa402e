"""Percentile bootstrap over whole groups (images, patients, sequences).

References
----------
.. [1] Davison, Hinkley: Bootstrap Methods and their Application, 1997 (Section 3.8: resampling of
       clusters; Section 5.3.1: percentile intervals).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.int64]
Measures = Mapping[str, NDArray[np.float64]]

REPLICATES = 500
LEVEL = 0.95
_MOST_CELLS = 1 << 22
_MANY = 2000


def default_replicates(groups: int) -> int:
    """As many as intervals over many groups need: 1000, or 200 of more than 2000 groups.

    >>> default_replicates(128), default_replicates(5000)
    (1000, 200)
    """
    return 1000 if groups <= _MANY else 200


def group_weights(groups: int, replicates: int, seed: int, rows: int) -> Iterator[Weights]:
    """How often each group is in each replicate, int64 (at most `rows`, groups) at a time.

    The draws depend on the seed and the number of groups alone: results over the same groups are
    paired.
    """
    rng = np.random.default_rng([seed, groups])
    for start in range(0, replicates, rows):
        count = min(rows, replicates - start)
        drawn = (rng.integers(0, groups, groups) for _ in range(count))
        yield np.stack([np.bincount(draw, minlength=groups) for draw in drawn])


def bootstrap(
    measure: Callable[[Weights], Measures], groups: int, items: int, replicates: int, seed: int
) -> dict[str, NDArray[np.float64]]:
    """Values (replicates,) of each measure.

    Parameters
    ----------
    measure
        Maps weights (R, groups) to named values (R,).
    items
        Size of what `measure` works on; bounds the memory of a step.
    """
    if not groups or not replicates:
        return {}
    rows = max(1, _MOST_CELLS // max(groups, items, 1))
    parts = [dict(measure(weights)) for weights in group_weights(groups, replicates, seed, rows)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def interval(values: NDArray[np.float64], level: float = LEVEL) -> tuple[float, float] | None:
    """Percentile interval of the replicates that are defined; None where none is."""
    defined = values[np.isfinite(values)]
    if not defined.size:
        return None
    tail = (1 - level) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return float(low), float(high)
