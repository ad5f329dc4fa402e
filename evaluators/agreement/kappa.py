"""Kappa: agreement of raters on nominal labels, over what their frequencies make of chance.

References
----------
.. [1] Cohen: A Coefficient of Agreement for Nominal Scales, Educ. Psychol. Meas. 20 (1960).
.. [2] Fleiss, Cohen, Everitt: Large Sample Standard Errors of Kappa and Weighted Kappa,
   Psychol. Bull. 72 (1969).
.. [3] Fleiss: Measuring Nominal Scale Agreement Among Many Raters, Psychol. Bull. 76 (1971).
.. [4] Efron, Tibshirani: An Introduction to the Bootstrap, chapter 11, the jackknife (1993).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

LEVEL = 0.95


@dataclass(frozen=True)
class Kappa:
    """Agreement of raters.

    Parameters
    ----------
    items, raters
        How many items all of these raters labelled.
    agreed
        Share of the items (of the pairs of labels, with more than two raters) of equal label; None
        without an item.
    kappa, interval
        1 is perfect, 0 what chance gives; and the 95 % interval, cut to -1 to 1. Both are None
        where chance alone agrees wholly, as when all labels are the same; the interval is None
        where it cannot be estimated: of one item.
    """

    items: int
    raters: int
    agreed: float | None
    kappa: float | None
    interval: tuple[float, float] | None


def cohen_kappa(first: Sequence[Hashable], second: Sequence[Hashable]) -> Kappa:
    """Cohen's kappa of two raters [1]_, with the large sample interval [2]_.

    Parameters
    ----------
    first, second
        A label each of the same N items.

    Raises
    ------
    ValueError
        Of different lengths.

    Examples
    --------
    >>> kappa = cohen_kappa(["wrong", "right", "right"], ["wrong", "right", "wrong"]).kappa
    >>> round(kappa, 3)  # (2/3 - 4/9) / (1 - 4/9)
    0.4
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} and {len(second)} labels, expected as many of both")
    table = _crossed(first, second)
    count = float(table.sum())
    if not count:
        return Kappa(0, 2, None, None, None)
    shares = table / count
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    agreed, chance = float(np.trace(shares)), float(rows @ columns)
    if chance >= 1:
        return Kappa(len(first), 2, agreed, None, None)
    kappa = (agreed - chance) / (1 - chance)
    both = columns[:, None] + rows[None, :]  # of cell (i, j): column i and row j
    terms = shares * (both * (1 - kappa)) ** 2
    diagonal = np.diag(shares) * (1 - (rows + columns) * (1 - kappa)) ** 2
    spread = diagonal.sum() + terms.sum() - np.trace(terms)
    variance = (spread - (kappa - chance * (1 - kappa)) ** 2) / ((1 - chance) ** 2 * count)
    error = float(np.sqrt(max(variance, 0.0)))
    return Kappa(len(first), 2, agreed, kappa, _interval(kappa, error) if count > 1 else None)


def fleiss_kappa(labels: Sequence[Sequence[Hashable]]) -> Kappa:
    """Fleiss' kappa of raters who each labelled all items [3]_, with the jackknife's interval [4]_.

    Parameters
    ----------
    labels
        N items, the labels of the same number of raters of each, two or more.

    Raises
    ------
    ValueError
        Items of different numbers of labels, or of fewer than two.
    """
    raters = len(labels[0]) if labels else 2
    if raters < 2 or any(len(one) != raters for one in labels):
        raise ValueError("expected the same number of labels of each item, two or more")
    if not labels:
        return Kappa(0, raters, None, None, None)
    counts = _counts(labels)
    agreed, kappa = _fleiss(counts)
    if kappa is None:
        return Kappa(len(labels), raters, agreed, None, None)
    left = _without_each(counts) if len(counts) > 1 else None
    if left is None:
        return Kappa(len(labels), raters, agreed, kappa, None)
    error = float(np.sqrt((len(left) - 1) * np.mean((left - left.mean()) ** 2)))
    return Kappa(len(labels), raters, agreed, kappa, _interval(kappa, error))


def _crossed(first: Sequence[Hashable], second: Sequence[Hashable]) -> NDArray[np.float64]:
    """Counts of each pair of labels, (labels, labels)."""
    codes = {label: i for i, label in enumerate(dict.fromkeys([*first, *second]))}
    table = np.zeros((len(codes), len(codes)))
    for one, other in zip(first, second, strict=True):
        table[codes[one], codes[other]] += 1
    return table


def _counts(labels: Sequence[Sequence[Hashable]]) -> NDArray[np.float64]:
    """How many raters gave each label, (items, labels)."""
    codes = {
        label: i for i, label in enumerate(dict.fromkeys(one for row in labels for one in row))
    }
    counts = np.zeros((len(labels), len(codes)))
    for place, row in enumerate(labels):
        for label in row:
            counts[place, codes[label]] += 1
    return counts


def _fleiss(counts: NDArray[np.float64]) -> tuple[float, float | None]:
    """Share of agreeing pairs of labels, and kappa."""
    agreed = float(np.mean(_agreeing(counts)))
    chance = float((counts.sum(axis=0) / counts.sum()) @ (counts.sum(axis=0) / counts.sum()))
    # The shares are of floats: of one label alone their square is 1, or a breath beside it.
    return agreed, None if chance > 1 - 1e-12 else (agreed - chance) / (1 - chance)


def _without_each(counts: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Kappa without each of two items or more; None where one of these is not defined."""
    items, agreeing = len(counts), _agreeing(counts)
    shares = (counts.sum(axis=0) - counts) / (counts[0].sum() * (items - 1))
    chance = (shares**2).sum(axis=1)
    if (chance > 1 - 1e-12).any():
        return None
    return np.asarray(((agreeing.sum() - agreeing) / (items - 1) - chance) / (1 - chance))


def _agreeing(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of agreeing pairs of labels of each item."""
    raters = counts[0].sum()
    return np.asarray((counts * (counts - 1)).sum(axis=1) / (raters * (raters - 1)))


def _interval(kappa: float, error: float) -> tuple[float, float]:
    reach = float(norm.ppf((1 + LEVEL) / 2)) * error
    return max(kappa - reach, -1.0), min(kappa + reach, 1.0)
