"""Gauss and Newton's method for moments that are known from simulations alone.

Each round moves all parameters in every simulation (Plackett and Burman's design and its mirror,
in turn), and a plane is laid through the simulations of the last rounds by least squares: its
level is known from all of them, and so is each slope.

References
----------
.. [1] Plackett, Burman: The Design of Optimum Multifactorial Experiments, Biometrika 33 (1946).
.. [2] Levenberg: A Method for the Solution of Certain Non-Linear Problems in Least Squares,
       Quarterly of Applied Mathematics 2 (1944).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Simulate = Callable[[Floats, int], Floats]
# Steps of the design, two or three standard errors of 300 objects, the first in units of the
# offset's spread; bounds of the parameters. At the centre, scales as logarithms.
_STEPS = np.array([0.2, 0.25, 0.25, 0.12, 0.06, 0.25, 0.22, 0.14, 0.1, 0.15, 0.2])
_LOW = np.array([-20, -4, -4, -4, -0.5, -3, -0.5, -0.5, -1, 0.0, -3.5])
_HIGH = np.array([20, 3, 3, 3, 0.8, 0.3, 5, 0.8, 8, 1.5, 0.5])
_FIRST_ROUNDS, _CHECKS = 4, 4
_FEWEST_ROUNDS, _MOST_ROUNDS = 3, 8
# In steps of the design: no move is longer, one this short ends the search, and rounds from about
# points this near count for a plane.
_LONGEST, _SHORT, _NEAR = 2.0, 0.25, 1.0
# Steps grow with the parameters' standard errors, lest slopes drown in the simulations' noise.
_STEP_ERRORS, _WIDEST = 1.5, 2.0
# The first of the design's twelve runs; the others are its rotations, and all low.
_RUN = (1, 1, -1, 1, 1, 1, -1, -1, -1, 1, -1)
# Of a search, at most.
SIMULATIONS = _FIRST_ROUNDS + _MOST_ROUNDS * (len(_RUN) + 1) + _CHECKS


@dataclass(frozen=True)
class Plane:
    """Moments as straight lines in the parameters.

    Parameters
    ----------
    origin
        Parameters about which they turn, (11,).
    level, slopes
        Moments there, (12,), and their slopes, (12, 11).
    points
        Parameters of the simulations less the origin, (n, 11).
    residuals
        What the plane leaves of their moments, (n, 12).
    """

    origin: Floats
    level: Floats
    slopes: Floats
    points: Floats
    residuals: Floats

    @classmethod
    def through(cls, origin: Floats, thetas: Floats, found: Floats) -> Plane:
        """The plane of least squares through moments (n, 12) found at `thetas` (n, 11)."""
        points = thetas - origin
        solution = _least_squares(points, found)
        residuals = found - solution[0] - points @ solution[1:]
        return cls(origin, solution[0], solution[1:].T, points, residuals)

    def solve(self, gap: Floats, errors: Floats) -> Floats:
        """Change of the parameters (11,) for one of the moments (12,), by weighted least squares.

        Moments count by their standard errors: there is one more than parameters.
        """
        change: Floats = np.linalg.pinv(self.slopes / errors[:, None], rcond=1e-3) @ (gap / errors)
        return change

    def spread(self, errors: Floats) -> Floats:
        """Standard errors (11,) of the parameters for those of the moments (12,)."""
        inverse = np.linalg.pinv(self.slopes / errors[:, None], rcond=1e-3)
        spread: Floats = np.sqrt((inverse**2).sum(axis=1))
        return spread

    def step(self, target: Floats, errors: Floats, unit: Floats) -> Floats:
        """Towards the target, damped until it is at most two of the design's steps `unit` long."""
        gap = (target - self.level) / errors
        scaled = self.slopes * unit / errors[:, None]
        move = self.solve(target - self.level, errors) / unit
        damping = 0.1
        while np.abs(move).max() > _LONGEST:
            normal = scaled.T @ scaled + damping * np.eye(len(unit))
            move = np.linalg.solve(normal, scaled.T @ gap).astype(np.float64)
            damping *= 2
        step: Floats = move * unit
        return step

    def redrawn(self, rng: np.random.Generator) -> Plane:
        """The plane through other simulations: of residuals drawn anew."""
        count, width = self.points.shape
        enlarged = math.sqrt(count / max(count - width - 1, 1))
        rows = rng.integers(0, count, count)
        solution = _least_squares(self.points, enlarged * self.residuals[rows])
        return replace(self, level=self.level + solution[0], slopes=self.slopes + solution[1:].T)


def search(target: Floats, errors: Floats, simulate: Simulate) -> tuple[Floats, Plane]:
    """Parameters (11,) whose moments are the target, and the plane by which they were found.

    Parameters
    ----------
    target, errors
        Moments and their standard errors, (12,); the first eleven are near the parameters.
    simulate
        Moments (12,) of parameters (11,) and a number that no other simulation has.
    """
    theta = within(target[: len(_STEPS)])
    number = 0
    for number in range(_FIRST_ROUNDS):
        theta = within(theta + 0.8 * (target - simulate(theta, number))[: len(theta)])

    origins: list[Floats] = []
    thetas: list[Floats] = []
    found: list[Floats] = []
    unit = _steps(theta)
    for round_number in range(_MOST_ROUNDS):
        moved = within(theta + design_runs(mirrored=bool(round_number % 2)) * unit)
        found.append(np.array([simulate(each, number + 1 + k) for k, each in enumerate(moved)]))
        number += len(moved)
        thetas.append(moved)
        origins.append(theta)
        plane = _plane(theta, origins, thetas, found, unit)
        step = plane.step(target, errors, unit)
        theta = within(theta + step)
        if round_number + 1 >= _FEWEST_ROUNDS and np.all(np.abs(step) < _SHORT * unit):
            break
        least = _steps(theta)
        unit = np.clip(_STEP_ERRORS * plane.spread(errors), least, _WIDEST * least)

    found[-1] = np.concatenate(
        [found[-1], [simulate(theta, number + 1 + k) for k in range(_CHECKS)]]
    )
    thetas[-1] = np.concatenate([thetas[-1], [theta] * _CHECKS])
    plane = _plane(theta, origins, thetas, found, unit)
    return within(theta + plane.step(target, errors, unit)), plane


def _plane(
    theta: Floats,
    origins: Sequence[Floats],
    thetas: Sequence[Floats],
    found: Sequence[Floats],
    unit: Floats,
) -> Plane:
    """Through the last two rounds, and earlier ones whose points lay about this one."""
    away = [np.abs((origin - theta) / unit).max() for origin in origins]
    used = [k for k in range(len(away)) if k >= len(away) - 2 or away[k] <= _NEAR]
    points, values = (np.concatenate([each[k] for k in used]) for each in (thetas, found))
    return Plane.through(theta, points, values)


def design_runs(*, mirrored: bool) -> Floats:
    """Plackett and Burman's design of 12 runs for 11 factors, or its mirror; +1 or -1, (12, 11)."""
    runs = np.array([np.roll(_RUN, k) for k in range(len(_RUN))] + [-np.ones(len(_RUN))], float)
    return -runs if mirrored else runs


def _steps(theta: Floats) -> Floats:
    steps = _STEPS.copy()
    steps[0] *= math.exp(theta[1])
    return steps


def _least_squares(points: Floats, values: Floats) -> Floats:
    """Level and slopes (12, M) of values (n, M) at points (n, 11)."""
    unit = np.maximum(np.abs(points).max(axis=0), 1e-12)
    terms = np.column_stack([np.ones(len(points)), points / unit])
    solution: Floats = np.linalg.lstsq(terms, values, rcond=1e-9)[0]
    solution[1:] /= unit[:, None]
    return solution


def within(theta: Floats) -> Floats:
    """The nearest parameters that are allowed."""
    bounded: Floats = np.clip(theta, _LOW, _HIGH)
    return bounded


def at_bounds(theta: Floats) -> NDArray[np.bool_]:
    """Which of the parameters (11,) are at the end of what is allowed."""
    reached: NDArray[np.bool_] = (theta <= _LOW) | (theta >= _HIGH)
    return reached
