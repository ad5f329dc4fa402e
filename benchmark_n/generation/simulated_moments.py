"""Parameters of `contour` for which simulated second drawings have the moments of real ones.

Intervals come from resampling images: real and simulated drawings of an image stay together, so
that the choice of objects cancels.

References
----------
.. [1] McFadden: A Method of Simulated Moments for Estimation of Discrete Response Models Without
       Numerical Integration, Econometrica 57 (1989).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evaluators.label_errors.bootstrap import group_weights, interval
from benchmark_n.evaluators.realism.moments import centre_of, measure_pairs, moments
from benchmark_n.evaluators.realism.pairs import MaskPairs, overlapping
from benchmark_n.generation.moment_search import SIMULATIONS, Plane, at_bounds, search, within
from benchmark_n.masks import CropMask
from benchmark_n.noise.base import NotApplied
from benchmark_n.noise.contour import Contour
from benchmark_n.runtime.progress import Progress
from benchmark_n.runtime.random_streams import Stream

PARAMETERS = (
    *("offset_mean", "offset_sd", "shift_sd", "roughness", "growth", "quality_sd"),
    *("length", "length_growth", "clicks", "clicks_growth", "clicks_sd"),
)
Floats = NDArray[np.float64]
_STRENGTHS = ("offset_mean", "offset_sd", "shift_sd", "roughness")
_REPLICATES = 4
_LEVEL = 0.95
# Of a moment: where pairs are used both ways, the mean offset is 0 without any.
_LEAST_ERROR = 0.03


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


def redraw(pairs: MaskPairs, noise: Contour, seed: int) -> list[CropMask]:
    """Second drawings of the clean masks by `noise`; a function of seed and annotation ids."""
    return [
        _redrawn(mask, noise, Stream(seed, noise.name, identity))
        for mask, identity in zip(pairs.clean, pairs.ids.tolist(), strict=True)
    ]


def _redrawn(mask: CropMask, noise: Contour, stream: Stream) -> CropMask:
    try:
        drawn = noise.apply(mask, noise.draw(stream)).tight()
    except NotApplied:
        return mask
    return drawn if drawn.pixels.size else mask


def fit_contour(
    pairs: MaskPairs,
    settings: Mapping[str, Any],
    seed: int = 0,
    replicates: int = 200,
    progress: Progress | None = None,
) -> Fit:
    """Fit the parameters of `contour` to pairs of drawings.

    Parameters
    ----------
    pairs
        Those to fit on, about 50 or more.
    settings
        Parameters that are not fitted, such as ``tail``.
    replicates
        Of the bootstrap over images.
    """
    real = measure_pairs(pairs.clean, pairs.noisy)
    centre = centre_of(real)
    target = moments(real, centre)
    done = 0

    def drawn(theta: Floats, number: int) -> Floats:
        nonlocal done
        noise = Contour(1.0, **settings, **parameters(theta, centre))
        masks = redraw(pairs, noise, seed + number)
        rows = measure_pairs(pairs.clean, masks)
        done += 1
        if progress is not None:
            progress(done, SIMULATIONS + _REPLICATES)
        # Real pairs of little overlap are left out too.
        rows[np.isnan(real[:, 0]) | ~overlapping(pairs.clean, masks)] = np.nan
        return rows

    def simulate(theta: Floats, number: int) -> Floats:
        return moments(drawn(theta, number), centre)

    errors = _resampled(real, [], pairs.images, centre, seed, replicates).std(axis=0)
    errors = np.maximum(errors, _LEAST_ERROR)
    theta, plane = search(target, errors, simulate)
    rows = [drawn(theta, SIMULATIONS + number) for number in range(_REPLICATES)]
    misfit = np.abs((target - moments(np.concatenate(rows), centre)) / errors).max()
    gaps = _resampled(real, rows, pairs.images, centre, seed, replicates)
    around = _around(theta, plane, gaps * _widened(len(np.unique(pairs.images))), errors, seed)
    return _fit(theta, around, centre, float(misfit))


def _around(theta: Floats, plane: Plane, gaps: Floats, errors: Floats, seed: int) -> Floats:
    """Parameters (B, 11) for real moments off by `gaps` (B, 12) and for other simulations."""
    rng = np.random.default_rng([seed, len(gaps)])
    found = []
    for gap in gaps:
        other = plane.redrawn(rng)
        found.append(within(theta + other.solve(gap + plane.level - other.level, errors)))
    return np.array(found)


def _fit(theta: Floats, around: Floats, centre: tuple[float, float], misfit: float) -> Fit:
    def interval_of(values: Sequence[float]) -> tuple[float, float]:
        return interval(np.array(values), _LEVEL) or (math.nan, math.nan)

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


def _widened(images: int) -> float:
    """What resampling few images leaves out: a degree of freedom, and the tails of Student's t."""
    freedom = max(images - 1, 1)
    normal = NormalDist().inv_cdf((1 + _LEVEL) / 2)
    return math.sqrt(1 + 1 / freedom) * (1 + (normal**2 + 1) / (4 * freedom))


def _resampled(
    real: Floats,
    simulated: Sequence[Floats],
    images: NDArray[np.int64],
    centre: tuple[float, float],
    seed: int,
    replicates: int,
) -> Floats:
    """Real minus simulated moments in each bootstrap replicate, about their own mean, (B, 12)."""
    _, groups = np.unique(images, return_inverse=True)
    count = int(groups.max()) + 1
    gaps = []
    for weights in group_weights(count, replicates, seed, replicates):
        for weight in weights:
            rows = np.repeat(np.arange(len(real)), weight[groups])
            gap = moments(real[rows], centre)
            if simulated:
                gap = gap - moments(np.concatenate([each[rows] for each in simulated]), centre)
            gaps.append(gap)
    drawn = np.array(gaps)
    centred: Floats = drawn - drawn.mean(axis=0)
    return centred
