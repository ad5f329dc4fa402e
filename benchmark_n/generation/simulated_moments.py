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
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evaluators.label_errors.bootstrap import group_weights
from benchmark_n.evaluators.realism.moments import centre_of, measure_pairs, moments
from benchmark_n.evaluators.realism.pairs import MaskPairs, overlapping
from benchmark_n.generation.contour_fit import LEVEL, Fit, fit_of, parameters
from benchmark_n.generation.moment_search import SIMULATIONS, Plane, search, within
from benchmark_n.masks import CropMask
from benchmark_n.noise.base import NotApplied
from benchmark_n.noise.contour import Contour
from benchmark_n.runtime.progress import Progress
from benchmark_n.runtime.random_streams import Stream

Floats = NDArray[np.float64]
# Simulations at the parameters that the search found, and at those that are given back.
_REPLICATES, _CHECKS = 8, 4
# Of a moment: where pairs are used both ways, the mean offset is 0 without any.
_LEAST_ERROR = 0.03


def redraw(pairs: MaskPairs, noise: Contour, seed: int) -> list[CropMask]:
    """Second drawings of the clean masks by `noise`; a function of seed and annotation ids."""
    return [
        _redrawn(mask, noise, Stream(seed, noise.name, identity))
        for mask, identity in zip(pairs.clean, pairs.ids.tolist(), strict=True)
    ]


def measure_redrawn(pairs: MaskPairs, noise: Contour, seed: int) -> Floats:
    """What moments are made of for second drawings by `noise`, float64 (N, 8).

    NaN rows where the drawings overlap little: real pairs of that kind are no pairs.
    """
    masks = redraw(pairs, noise, seed)
    rows = measure_pairs(pairs.clean, masks)
    rows[~overlapping(pairs.clean, masks)] = np.nan
    return rows


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
        rows = measure_redrawn(pairs, noise, seed + number)
        rows[np.isnan(real[:, 0])] = np.nan
        done += 1
        if progress is not None:
            progress(done, SIMULATIONS + _REPLICATES + _CHECKS)
        return rows

    def simulate(theta: Floats, number: int) -> Floats:
        return moments(drawn(theta, number), centre)

    errors = _resampled(real, [], pairs.images, centre, seed, replicates).std(axis=0)
    errors = np.maximum(errors, _LEAST_ERROR)
    theta, plane = search(target, errors, simulate)
    rows = [drawn(theta, SIMULATIONS + number) for number in range(_REPLICATES)]
    # Moments are curved: a plane through points a step away is off where they meet.
    left = target - np.mean([moments(each, centre) for each in rows], axis=0)
    theta = within(theta + plane.solve(left, errors))
    last = [moments(drawn(theta, SIMULATIONS + _REPLICATES + k), centre) for k in range(_CHECKS)]
    misfit = np.abs(target - np.mean(last, axis=0)) / errors
    gaps = _resampled(real, rows, pairs.images, centre, seed, replicates)
    around = _around(theta, plane, gaps * _widened(len(np.unique(pairs.images))), errors, seed)
    return fit_of(theta, around, centre, float(misfit.max()))


def _around(theta: Floats, plane: Plane, gaps: Floats, errors: Floats, seed: int) -> Floats:
    """Parameters (B, 11) for moments off by `gaps` (B, 12), by the slopes of other simulations."""
    rng = np.random.default_rng([seed, len(gaps)])
    return np.array([within(theta + plane.redrawn(rng).solve(gap, errors)) for gap in gaps])


def _widened(images: int) -> float:
    """What resampling few images leaves out: a degree of freedom, and the tails of Student's t."""
    freedom = max(images - 1, 1)
    normal = NormalDist().inv_cdf((1 + LEVEL) / 2)
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
