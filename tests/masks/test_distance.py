"""Distances against an exact transform of another library, and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from benchmark_n.masks.distance import FARTHEST, signed_distances, squared_distances


def exact_squares(zeros: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Squared distances out of the coordinates of the nearest zero, in whole numbers."""
    nearest = distance_transform_edt(zeros, return_distances=False, return_indices=True)
    rows, columns = np.indices(zeros.shape)
    squares: NDArray[np.int64] = (nearest[0] - rows) ** 2 + (nearest[1] - columns) ** 2
    return np.minimum(squares, FARTHEST**2)


@given(
    zeros=arrays.arrays(
        np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40)), elements=st.integers(0, 1)
    ).filter(lambda zeros: not zeros.all())
)
def test_squares_are_exact(zeros: NDArray[np.uint8]) -> None:
    np.testing.assert_array_equal(squared_distances(zeros), exact_squares(zeros))


@given(
    zeros=arrays.arrays(
        np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40)), elements=st.integers(0, 1)
    ).filter(lambda zeros: not zeros.all()),
    kept=st.integers(1, 40),
    within=st.integers(0, 20),
)
def test_near_squares_are_exact_and_the_others_larger(
    zeros: NDArray[np.uint8], kept: int, within: int
) -> None:
    zeros.ravel()[np.flatnonzero(zeros == 0)[1::kept]] = 1  # few are far apart
    exact, found = exact_squares(zeros), squared_distances(zeros, within)
    near = exact <= within * within
    np.testing.assert_array_equal(found[near], exact[near])
    assert (found[~near] > within * within).all()


@pytest.mark.parametrize("shape", [(700, 90), (900, 1100), (60, 2000)])
@pytest.mark.parametrize("seed", [1, 2])
def test_large_arrays_are_exact_too(shape: tuple[int, int], seed: int) -> None:
    """Whether in one piece or in tiles; distances up to the cut-off occur."""
    rng = np.random.default_rng(seed)
    zeros = (rng.random(shape) > 2e-5 * seed**4).astype(np.uint8)
    zeros[rng.integers(shape[0]), rng.integers(shape[1])] = 0
    found = squared_distances(zeros)
    np.testing.assert_array_equal(found, exact_squares(zeros))
    assert found.max() > 50**2


def test_an_array_without_a_zero_is_far_from_any() -> None:
    assert (squared_distances(np.ones((9, 700), np.uint8)) == FARTHEST**2).all()


def test_signed_distance_of_a_disc() -> None:
    """Within a pixel's diagonal of radius minus distance from the centre, at every pixel."""
    rows, columns = np.indices((101, 101)) - 50.0
    from_centre = np.hypot(rows, columns)
    found = signed_distances((from_centre <= 30).astype(np.uint8))
    assert np.abs(found - (30 - from_centre)).max() < 1
    assert ((found > 0) == (from_centre <= 30)).all()
    assert abs((found - (30 - from_centre)).mean()) < 0.2
