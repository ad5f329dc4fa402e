"""Newton's method for moments that are known from simulations alone.

Slopes are regressions on a folded Plackett-Burman design, which moves all parameters in every
simulation: each slope is known from all of them.

References
----------
.. [1] Plackett, Burman: The Design of Optimum Multifactorial Experiments, Biometrika 33 (1946).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evaluators.realism.moments import moments

Floats = NDArray[np.float64]
# Steps of the differences, and the bounds of the parameters: at the centre, scales as logarithms.
_STEPS = np.array([0.1, 0.3, 0.3, 0.15, 0.05, 0.3, 0.2, 0.05, 0.15, 0.1, 0.3])
_LOW = np.array([-20, -4, -4, -4, -0.5, -3, -0.5, -0.5, -1, 0.0, -3.5])
_HIGH = np.array([20, 3, 3, 3, 0.8, 0.3, 5, 0.8, 8, 1.5, 0.5])
_FIRST_ROUNDS = 7
# Steps of each round of Newton's method, as a share of _STEPS.
_ROUNDS = (1.0, 0.6)
# The first of the design's twelve runs; the others are its rotations, and all low.
_RUN = (1, 1, -1, 1, 1, 1, -1, -1, -1, 1, -1)
# Of a search.
SIMULATIONS = _FIRST_ROUNDS + len(_ROUNDS) * 2 * (len(_RUN) + 1)


def search(
    target: Floats,
    errors: Floats,
    centre: tuple[float, float],
    simulate: Callable[[Floats, int], Floats],
) -> tuple[Floats, Floats]:
    """Parameters (11,), and what of them a difference of the moments changes, (11, 12).

    Moments count by their standard errors: there is one more than parameters.
    """
    theta = within(target[: len(_STEPS)])
    for number in range(_FIRST_ROUNDS):
        gap = target - moments(simulate(theta, number), centre)
        theta = within(theta + 0.8 * gap[: len(theta)])

    for share in _ROUNDS:
        level, slopes = _slopes(theta, share, centre, simulate)
        # Where a moment hardly moves, the step stays bounded.
        weights = 1 / errors
        inverse: Floats = np.linalg.pinv(slopes * weights[:, None], rcond=0.01) * weights
        theta = within(theta + bounded_step(inverse @ (target - level)))
    return theta, inverse


def _slopes(
    theta: Floats,
    share: float,
    centre: tuple[float, float],
    simulate: Callable[[Floats, int], Floats],
) -> tuple[Floats, Floats]:
    """Moments about `theta` (12,) and their slopes (12, 11), by least squares."""
    steps = share * _STEPS
    steps[0] *= math.exp(theta[1]) * 3
    moved = within(theta + _design() * steps)
    found = [moments(simulate(each, 20 + k), centre) for k, each in enumerate(moved)]
    terms = np.column_stack([np.ones(len(moved)), moved - theta])
    solution = np.linalg.lstsq(terms, np.array(found), rcond=None)[0]
    return solution[0], solution[1:].T


def _design() -> Floats:
    """Plackett and Burman's design of 12 runs for 11 factors, and its mirror, (24, 11)."""
    runs = [np.roll(_RUN, k) for k in range(len(_RUN))] + [-np.ones(len(_RUN))]
    return np.concatenate([runs, -np.array(runs)]).astype(np.float64)


def bounded_step(step: Floats) -> Floats:
    """No further than the slopes can be trusted."""
    bounded: Floats = np.clip(step, -3 * _STEPS, 3 * _STEPS)
    return bounded


def within(theta: Floats) -> Floats:
    bounded: Floats = np.clip(theta, _LOW, _HIGH)
    return bounded
