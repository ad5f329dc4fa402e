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
from benchmark_n.evaluators.realism.pairs import MaskPairs
from benchmark_n.generation.moment_search import SIMULATIONS, bounded_step, search, within
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
    """

    values: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    misfit: float


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
    total = SIMULATIONS + _REPLICATES
    done = 0

    def simulate(theta: Floats, number: int) -> Floats:
        nonlocal done
        noise = Contour(1.0, **settings, **parameters(theta, centre))
        rows = measure_pairs(pairs.clean, redraw(pairs, noise, seed + number))
        done += 1
        if progress is not None:
            progress(done, total)
        rows[np.isnan(real[:, 0])] = np.nan
        return rows

    errors = _resampled(real, [], pairs.images, centre, seed, replicates).std(axis=0)
    errors = np.maximum(errors, _LEAST_ERROR)
    theta, inverse = search(target, errors, centre, simulate)
    rows = [simulate(theta, 10 + number) for number in range(_REPLICATES)]
    gap = target - moments(np.concatenate(rows), centre)
    theta = within(theta + bounded_step(inverse @ gap))
    drawn = _resampled(real, rows, pairs.images, centre, seed, replicates)
    drawn *= _widened(len(np.unique(pairs.images)))
    around = [parameters(within(theta + inverse @ row), centre) for row in drawn]
    bounds = {
        name: interval(np.array([each[name] for each in around]), _LEVEL) or (math.nan, math.nan)
        for name in PARAMETERS
    }
    return Fit(parameters(theta, centre), bounds, float(np.abs(gap / errors).max()))


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
