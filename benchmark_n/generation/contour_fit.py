"""Fitted parameters of `contour`: at the objects' median area, and as a recipe states them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evaluators.label_errors.bootstrap import interval
from benchmark_n.evaluators.realism.moments import MOMENTS
from benchmark_n.generation.moment_search import at_bounds

# Each has a moment of its name; "detail" is over.
PARAMETERS = MOMENTS[:-1]
_STRENGTHS = ("offset_mean", "offset_sd", "shift_sd", "roughness")
Floats = NDArray[np.float64]
LEVEL = 0.95


@dataclass(frozen=True)
class Fit:
    """Fitted parameters of `contour`.

    Parameters
    ----------
    values
        Name to value, as the recipe has it.
    intervals
        Name to its 95 % interval by images.
    misfit
        The largest difference of a simulated moment from the real one, in standard errors.
    area
        Median area of the clean masks, px².
    typical
        Name to what a parameter that goes with the area is there, and its interval, px.
    bounded
        Names of parameters at the end of what the search allows.
    """

    values: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    misfit: float
    area: float
    typical: dict[str, tuple[float, float, float]]
    bounded: tuple[str, ...]


def parameters(theta: Floats, centre: tuple[float, float]) -> dict[str, float]:
    """The recipe's parameters for values at the centre, scales as logarithms."""
    growth, longer, denser = (float(theta[k]) for k in (4, 7, 9))
    scale = math.exp(-growth * centre[0])
    logs = np.exp(theta)
    values = (
        *(float(theta[0]) * scale, logs[1] * scale, logs[2] * scale, logs[3] * scale),
        *(growth, logs[5], logs[6] * math.exp(-longer * centre[0]), longer),
        *(logs[8] * math.exp(-denser * centre[1]), denser, logs[10]),
    )
    return {name: float(value) for name, value in zip(PARAMETERS, values, strict=True)}


def fit_of(theta: Floats, around: Floats, centre: tuple[float, float], misfit: float) -> Fit:
    """The fit of parameters at the centre (11,), and of replicates of them (B, 11)."""

    def interval_of(values: Sequence[float]) -> tuple[float, float]:
        return interval(np.array(values), LEVEL) or (math.nan, math.nan)

    values = parameters(theta, centre)
    others = [parameters(each, centre) for each in around]
    intervals = {name: interval_of([each[name] for each in others]) for name in values}
    there = [sizes_at(each, centre[0]) for each in (values, *others)]
    typical = {
        name: (value, *interval_of([each[name] for each in there[1:]]))
        for name, value in there[0].items()
    }
    ends = tuple(
        name for name, end in zip(PARAMETERS, at_bounds(theta).tolist(), strict=True) if end
    )
    return Fit(values, intervals, misfit, math.exp(centre[0]), typical, ends)


def sizes_at(values: Mapping[str, float], log_area: float) -> dict[str, float]:
    """Strengths and length of `contour` for a mask of that area, px.

    >>> sizes = sizes_at({**dict.fromkeys(PARAMETERS, 0.0), "length": 0.5, "length_growth": 0.5}, 0)
    >>> sizes["length"]
    0.5
    """
    strength, longer = (
        math.exp(values[exponent] * log_area) for exponent in ("growth", "length_growth")
    )
    sizes = {name: values[name] * strength for name in _STRENGTHS}
    return {**sizes, "length": values["length"] * longer}
