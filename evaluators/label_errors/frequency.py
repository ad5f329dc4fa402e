"""Are rare categories flagged more often than they are wrong?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

GROUPS = 10


@dataclass(frozen=True)
class FrequencyGroup:
    """Categories of about one size.

    Parameters
    ----------
    categories, annotations
        How many.
    smallest, largest
        Annotations of its rarest and of its most frequent category.
    flagged, wrong
        Shares of the annotations, 0 to 1.
    """

    categories: int
    annotations: int
    smallest: int
    largest: int
    flagged: float
    wrong: float


def by_frequency(
    given: NDArray[Any], flagged: NDArray[np.bool_], wrong: NDArray[np.bool_]
) -> tuple[FrequencyGroup, ...]:
    """Deciles of the categories by their number of annotations, the rarest first.

    Categories of one size stay together, so that groups can be of unequal numbers of categories
    and fewer than ten.

    Parameters
    ----------
    given
        (N,) ids of the given categories; those without an annotation are in no group.
    flagged, wrong
        bool (N,).

    Examples
    --------
    >>> flagged, wrong = np.array([True, False, False]), np.zeros(3, bool)
    >>> [(g.largest, g.flagged) for g in by_frequency(np.array([5, 7, 7]), flagged, wrong)]
    [(1, 1.0), (2, 0.0)]
    """
    _, place, counts = np.unique(given, return_inverse=True, return_counts=True)
    if not counts.size:
        return ()
    # A category's decile is that of the first of its size.
    ranks = np.searchsorted(np.sort(counts), counts)
    decile = GROUPS * ranks // counts.size
    groups = []
    for number in np.unique(decile):
        own = counts[decile == number]
        rows = decile[place] == number
        groups.append(
            FrequencyGroup(
                categories=int(own.size),
                annotations=int(rows.sum()),
                smallest=int(own.min()),
                largest=int(own.max()),
                flagged=float(flagged[rows].mean()),
                wrong=float(wrong[rows].mean()),
            )
        )
    return tuple(groups)
