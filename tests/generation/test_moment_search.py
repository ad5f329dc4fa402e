"""The search for parameters on moments that are straight, bent, or known from noisy simulations."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmark_n.generation.moment_search import (
    SIMULATIONS,
    Plane,
    at_bounds,
    design_runs,
    search,
    within,
)

Floats = NDArray[np.float64]
ERRORS = np.full(12, 0.03)


def test_effects_of_the_design_do_not_mix() -> None:
    """Columns are orthogonal to each other, to the mean, and to all products of two columns."""
    design = np.concatenate([design_runs(mirrored=False), design_runs(mirrored=True)])
    np.testing.assert_array_equal(design.T @ design, 24 * np.eye(11))
    assert not design.sum(axis=0).any()
    products = np.einsum("ni,nj->nij", design, design).reshape(24, -1)
    assert not (design.T @ products).any()


def near_identity(rng: np.random.Generator) -> Floats:
    """Slopes (12, 11) such as those of `contour` are."""
    slopes: Floats = np.vstack([np.eye(11), np.zeros(11)]) + rng.normal(0, 0.1, (12, 11))
    return slopes


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_straight_moments_are_solved(seed: int) -> None:
    rng = np.random.default_rng(seed)
    slopes, truth = near_identity(rng), rng.uniform(0, 0.2, 11)
    calls = []

    def simulate(theta: Floats, number: int) -> Floats:
        calls.append(number)
        moved: Floats = slopes @ theta
        return moved

    theta, plane = search(slopes @ truth, ERRORS, simulate)
    np.testing.assert_allclose(theta, truth, atol=1e-8)
    np.testing.assert_allclose(plane.slopes, slopes, atol=1e-8)
    assert len(calls) == len(set(calls)) <= SIMULATIONS


@pytest.mark.parametrize("seed", range(6))
def test_noisy_moments_with_weak_slopes_are_solved_to_their_noise(seed: int) -> None:
    """Length and its exponent move their moments by a fifth and a quarter, as in `contour`.

    In standard errors of least squares with the true slopes; a search whose slopes drown in the
    noise goes astray by many.
    """
    rng = np.random.default_rng(seed)
    noise = np.array([0.03, 0.06, 0.05, 0.02, 0.013, 0.06, 0.023, 0.02, 0.01, 0.025, 0.05, 0.005])
    slopes = near_identity(rng) * np.array(
        [0.8, 0.6, 0.55, 0.56, 0.6, 0.54, 0.2, 0.25, 0.4, 0.4, 0.7]
    )
    truth = np.array([0.1, -0.5, -0.9, -0.3, 0.25, -0.9, 2.0, 0.35, 2.8, 0.95, -1.05])

    def simulate(theta: Floats, number: int) -> Floats:
        bent = slopes @ (theta + 0.1 * (theta - truth) ** 2)
        drawn: Floats = bent + noise * np.random.default_rng([seed, number]).normal(size=12)
        return drawn

    theta, plane = search(slopes @ truth, np.maximum(noise, 0.01), simulate)
    spread = np.sqrt(np.diag(np.linalg.inv((slopes.T / noise**2) @ slopes)))
    # The level comes from 28 simulations.
    assert np.abs((theta - truth) / spread).max() < 1
    assert np.abs((plane.level - slopes @ truth) / noise).max() < 2


def test_steps_are_damped_towards_the_steepest_descent() -> None:
    """No longer than two steps of the design, and still one that lessens the misfit."""
    rng = np.random.default_rng(4)
    slopes = near_identity(rng)
    slopes[:, 6] = slopes[:, 3] + 1e-3  # hardly told apart
    origin = np.full(11, 0.3)
    thetas = origin + 0.1 * np.concatenate(
        [design_runs(mirrored=False), design_runs(mirrored=True)]
    )
    plane = Plane.through(origin, thetas, thetas @ slopes.T)
    target = slopes @ origin + rng.normal(0, 1, 12)
    step = plane.step(target, ERRORS, np.full(11, 0.2))
    free = plane.solve(target - plane.level, ERRORS)
    assert np.abs(step).max() <= 0.4 + 1e-9 < np.abs(free).max()
    misfit = np.linalg.norm(target - plane.level - slopes @ step)
    assert misfit < np.linalg.norm(target - plane.level)


def test_redrawn_planes_spread_as_least_squares_says() -> None:
    """Standard errors of level and slopes by the closed form for independent residuals."""
    rng = np.random.default_rng(5)
    design = np.concatenate([design_runs(mirrored=False), design_runs(mirrored=True)])
    found = rng.normal(0, 0.1, (24, 12))
    plane = Plane.through(np.zeros(11), design, found)
    drawn = [plane.redrawn(rng) for _ in range(2000)]
    expected = plane.residuals.std(axis=0) / np.sqrt(24 - 12)
    levels = np.std([each.level for each in drawn], axis=0)
    slopes = np.std([each.slopes for each in drawn], axis=0)
    np.testing.assert_allclose(levels, expected, rtol=0.08)
    np.testing.assert_allclose(slopes, np.tile(expected[:, None], (1, 11)), rtol=0.1)


def test_ends_of_what_is_allowed_are_told() -> None:
    theta = np.full(11, 0.2)
    theta[7] = 5.0
    assert at_bounds(within(theta)).tolist() == [k == 7 for k in range(11)]
