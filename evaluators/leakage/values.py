"""How unlike its fellows an annotation is among those of one value: a score that needs no truth."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmark_n.evaluators.leakage.published import Ints
from benchmark_n.evaluators.leakage.statistic import RESOLUTION

_POWERS_OF_TWO = range(8, 25, 2)  # What is packed at an odd place shows at the even one below.
_POWERS_OF_TEN = range(2, 7)
_SMALL = 4  # Values below this many times N are counted without sorting.
_FINE = 0.98  # Where so large a share of the values occurs once there is nothing to compare.


def id_values(ids: Ints) -> Iterator[tuple[str, Ints]]:
    """What may be packed into ids: quotients, remainders and digits, by name.

    Such as ``hash * 2**16 + class * 1000 + number``, ``frame << 24 | class << 16 | number``.
    """
    low = ids - min(int(ids.min(initial=0)), 0)
    steps = [(f"2^{k}", 1 << k) for k in _POWERS_OF_TWO]
    steps += [(f"10^{k}", 10**k) for k in _POWERS_OF_TEN]
    largest = int(low.max(initial=0))
    for name, step in steps:
        if step <= largest:
            yield f"id // {name}", low // step
            yield f"id % {name}", low % step
    for name, whole, part in (
        *((f"id % 2^{m} // 1000", 1 << m, 1000) for m in (16, 20, 24)),
        *((f"id // 2^{k} % 2^8", 1 << (k + 8), 1 << k) for k in (8, 16, 24, 32)),
        *((f"id // 10^{k} % 10", 10 ** (k + 1), 10**k) for k in range(6)),
        *((f"id // 10^{k} % 1000", 10 ** (k + 3), 10**k) for k in (3, 6)),
    ):
        if part <= largest:
            yield name, low % whole // part


def strangeness(values: Ints, categories: Ints) -> Ints | None:
    """1 less the share of one's own category among the others of the same value, as ranks (N,).

    None where (nearly) every value occurs once or there is but one value. One that is alone with
    its value gets the share that its category has in the whole file.

    Parameters
    ----------
    values, categories
        Whole numbers from 0, (N,); categories without gaps.

    Examples
    --------
    >>> same = np.array([7, 7, 7, 9, 9, 9])  # a number of each record, such as of its id
    >>> ranks = strangeness(same, np.array([0, 0, 1, 1, 1, 1]))
    >>> (ranks / ranks.max()).tolist()  # the third has the number of the other category
    [0.5, 0.5, 1.0, 0.0, 0.0, 0.0]
    """
    codes, of_value = _counted(values)
    alone = of_value[codes] == 1
    if len(of_value) == 1 or alone.mean() > _FINE:
        return None
    kinds = int(categories.max()) + 1
    pair, of_pair = _counted(codes * kinds + categories)
    others = np.maximum(of_value[codes] - 1, 1)
    share = (of_pair[pair] - 1) / others
    overall = (np.bincount(categories) - 1) / max(len(values) - 1, 1)
    share = np.where(alone, overall[categories], share)
    return np.asarray(np.rint((1 - share) * RESOLUTION), np.int64)


def _counted(values: Ints) -> tuple[Ints, Ints]:
    """Codes of values, and how often each code occurs."""
    if int(values.max()) < _SMALL * len(values):
        return values, np.bincount(values)
    _, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
    return codes, counts
