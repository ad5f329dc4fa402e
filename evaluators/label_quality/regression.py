"""Regressors of mask quality: how well a predicted Dice coefficient follows the true one.

References
----------
.. [1] Quality Sentinel: Estimating Label Quality and Errors in Medical Segmentation Datasets, 2024
       (LCC, SROCC, MAE and MAP@k of the predicted Dice similarity coefficient).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from benchmark_n.errors import InputError
from benchmark_n.evaluators.label_errors.ranking import expected_precision_sum, make_blocks

Values = NDArray[np.float64]
MAP_AT = (5, 10)
_LEAST = 3


@dataclass(frozen=True)
class LabelQualityResult:
    """Agreement of predicted with true Dice coefficients (DSC).

    Parameters
    ----------
    lcc, srocc
        Pearson's and Spearman's correlation; None where one side is constant.
    mae, constant_mae
        Mean absolute error, and that of the best constant (the median of the true values).
    map_at
        k to the mean of AP@k over the classes with more than 2k instances; None without any.
    ap_at
        k to class to AP@k.
    too_small
        k to the classes left out of MAP@k.
    within_class, within_degradation
        Group to ``lcc``, ``srocc`` and ``instances``.

    Examples
    --------
    >>> found = evaluate_label_quality([0.9, 0.5, 0.7], [0.8, 0.6, 0.7], ["liver"] * 3)
    >>> round(found.mae, 3)
    0.067
    """

    instances: int
    lcc: float | None
    srocc: float | None
    mae: float
    constant_mae: float
    map_at: Mapping[int, float | None]
    ap_at: Mapping[int, Mapping[str, float]]
    too_small: Mapping[int, Sequence[str]]
    within_class: Mapping[str, Mapping[str, float | int | None]]
    within_degradation: Mapping[str, Mapping[str, float | int | None]]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def evaluate_label_quality(
    predicted: ArrayLike,
    true: ArrayLike,
    classes: Sequence[str],
    degradations: Sequence[str] | None = None,
) -> LabelQualityResult:
    """Compare predicted with true Dice coefficients of N masks.

    Parameters
    ----------
    predicted, true
        Shape (N,), in [0, 1].
    classes
        Class of each mask.
    degradations
        What was done to each mask, where that is known.

    Raises
    ------
    InputError
        No masks, unequal lengths, or a value that is no finite number.
    """
    given, gold = _values(predicted, "predicted"), _values(true, "true")
    lengths = {len(given), len(gold), len(classes), len(degradations or classes)}
    if len(lengths) != 1 or not len(given):
        raise InputError(
            f"label quality: {len(given)} predicted and {len(gold)} true values for "
            f"{len(classes)} classes, expected as many of each and at least one"
        )
    members = _members(classes)
    scored = {
        k: {
            name: average_precision_at(given[rows], gold[rows], k)
            for name, rows in members.items()
            if len(rows) > 2 * k
        }
        for k in MAP_AT
    }
    return LabelQualityResult(
        len(given),
        pearson(given, gold),
        spearman(given, gold),
        float(np.abs(given - gold).mean()),
        float(np.abs(gold - np.median(gold)).mean()),
        {k: float(np.mean(list(found.values()))) if found else None for k, found in scored.items()},
        scored,
        {k: [name for name in members if name not in found] for k, found in scored.items()},
        _within(given, gold, members),
        _within(given, gold, _members(degradations or ())),
    )


def average_precision_at(predicted: Values, true: Values, k: int) -> float:
    """``(1/k) sum_{r<=k} P(r) hit(r)``: ranks by rising prediction, hits the k lowest true values.

    Values that tie with the k-th lowest are hits too; tied predictions count by their expectation
    over all orders.

    Examples
    --------
    >>> average_precision_at(np.array([0.2, 0.9, 0.4]), np.array([0.1, 0.3, 0.8]), k=2)
    0.5
    """
    hits = true <= np.sort(true)[k - 1]
    blocks = make_blocks(-predicted)
    found = blocks.counts(hits.astype(int))
    sizes = blocks.counts(np.ones(len(hits), int))
    return expected_precision_sum(found, sizes, k) / k


def pearson(a: Values, b: Values) -> float | None:
    """Linear correlation; None for fewer than three pairs or where one side is constant.

    Examples
    --------
    >>> pearson(np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.0, 2.0]))
    0.5
    """
    if len(a) < _LEAST or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(np.corrcoef(a, b)[0, 1])


def spearman(a: Values, b: Values) -> float | None:
    """Rank correlation, ties by their mean rank.

    Examples
    --------
    >>> round(spearman(np.array([1.0, 2.0, 3.0]), np.array([1.0, 4.0, 90.0])), 6)
    1.0
    """
    return pearson(np.asarray(rankdata(a), float), np.asarray(rankdata(b), float))


def _values(values: ArrayLike, name: str) -> Values:
    array = np.asarray(values, float)
    wrong = np.flatnonzero(~np.isfinite(array))
    if wrong.size:
        raise InputError(
            f"label quality: {name} value {wrong[0]} is {array[wrong[0]]}, expected a finite number"
        )
    return array


def _members(names: Sequence[str]) -> dict[str, NDArray[np.intp]]:
    array = np.array(names, object)
    return {str(name): np.flatnonzero(array == name) for name in sorted(set(names))}


def _within(
    predicted: Values, true: Values, members: Mapping[str, NDArray[np.intp]]
) -> dict[str, dict[str, float | int | None]]:
    return {
        name: {
            "lcc": pearson(predicted[rows], true[rows]),
            "srocc": spearman(predicted[rows], true[rows]),
            "instances": len(rows),
        }
        for name, rows in members.items()
    }
