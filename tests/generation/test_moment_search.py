"""The search for parameters on moments that are straight lines in them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmark_n.generation import moment_search
from benchmark_n.generation.moment_search import SIMULATIONS, search

Floats = NDArray[np.float64]


def test_effects_of_the_design_do_not_mix() -> None:
    """Columns are orthogonal to each other, to the mean, and to all products of two columns."""
    design = moment_search._design()
    np.testing.assert_array_equal(design.T @ design, 24 * np.eye(11))
    assert not design.sum(axis=0).any()
    products = np.einsum("ni,nj->nij", design, design).reshape(24, -1)
    assert not (design.T @ products).any()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_straight_moments_are_solved(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve moments of eleven parameters, near the identity as those of `contour` are."""
    rng = np.random.default_rng(seed)
    slopes = np.vstack([np.eye(11), np.zeros(11)]) + rng.normal(0, 0.1, (12, 11))
    truth = rng.uniform(0, 0.2, 11)
    monkeypatch.setattr(moment_search, "moments", lambda rows, _: rows)
    calls = []

    def simulate(theta: Floats, number: int) -> Floats:
        calls.append(number)
        moved: Floats = slopes @ theta
        return moved

    theta, inverse = search(slopes @ truth, np.full(12, 0.03), (7.0, 2.6), simulate)
    np.testing.assert_allclose(theta, truth, atol=1e-8)
    np.testing.assert_allclose(inverse @ slopes, np.eye(11), atol=1e-8)
    assert len(calls) == SIMULATIONS
