"""Precision and recall of the head of a list, with intervals by units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evaluators.label_errors.bootstrap import bootstrap, interval

TOPS = (50, 100, 200)
REPLICATES = 1000
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class AtTop:
    """Precision and recall of the first `top` of the list, with 95 % intervals.

    Planted errors alone count as errors: the file's own, which nobody knows, make the true
    precision higher. Values are None where they are not defined.
    """

    top: int
    precision: float | None
    precision_interval: tuple[float, float] | None
    recall: float | None
    recall_interval: tuple[float, float] | None


def at_tops(
    right: Floats, units: NDArray[np.int64], planted: Floats, seed: int
) -> tuple[AtTop, ...]:
    """Precision and recall at each of `TOPS` that the list reaches, resampled by units.

    Parameters
    ----------
    right
        float64 (S,): 1 where the suspect is a planted error, in the list's order.
    units
        int64 (S,): unit of each suspect.
    planted
        float64 (U,): planted errors of each unit.
    """

    def measure(weights: NDArray[np.int64]) -> dict[str, Floats]:
        return _rates(weights.astype(np.float64), right, units, planted)

    ones = np.ones((1, len(planted)), np.int64)
    values = {name: float(value[0]) for name, value in measure(ones).items()}
    drawn = bootstrap(measure, len(planted), max(len(right), 1), REPLICATES, seed)
    return tuple(
        AtTop(
            top,
            _defined(values[f"precision {top}"]),
            interval(drawn[f"precision {top}"]),
            _defined(values[f"recall {top}"]),
            interval(drawn[f"recall {top}"]),
        )
        for top in TOPS
    )


def _rates(
    weights: Floats, right: Floats, units: NDArray[np.int64], planted: Floats
) -> dict[str, Floats]:
    """Rates (R,) for weights of units (R, U): each suspect counts as often as its unit is drawn."""
    often = weights[:, units]
    before = np.cumsum(often, axis=1) - often
    rates = {}
    with np.errstate(invalid="ignore", divide="ignore"):
        for top in TOPS:
            taken = np.clip(top - before, 0, often)
            hit = (taken * right).sum(axis=1)
            rates[f"precision {top}"] = hit / taken.sum(axis=1)
            rates[f"recall {top}"] = hit / (weights @ planted)
    return rates


def _defined(value: float) -> float | None:
    return value if np.isfinite(value) else None
