"""Distances between boundaries against all pairs of their pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion
from scipy.spatial.distance import cdist, directed_hausdorff

from benchmark_n.evaluators.surface.distances import boundary_points, surface_distances
from benchmark_n.masks import CropMask
from tests.evaluators.coco_samples import blob


def all_pairs(
    a: NDArray[np.uint8], b: NDArray[np.uint8], spacing: tuple[float, float]
) -> tuple[float, ...]:
    points = []
    for mask in (a, b):
        edge = mask.astype(bool) & ~binary_erosion(mask, np.ones((3, 3)), border_value=0)
        rows, columns = np.nonzero(edge)
        points.append(np.stack([columns * spacing[0], rows * spacing[1]], axis=1))
    distances = cdist(*points)
    ways = distances.min(axis=1), distances.min(axis=0)
    both = np.concatenate(ways)
    return (
        max(w.max() for w in ways),
        max(np.percentile(w, 95) for w in ways),
        both.mean(),
        sum((w <= 0.9).sum() for w in ways) / len(both),
    )


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([(1.0, 1.0), (0.3, 0.7)]))
def test_all_figures_are_those_of_all_pairs(seed: int, spacing: tuple[float, float]) -> None:
    rng = np.random.default_rng(seed)
    a, b = blob(rng, 40, 50), blob(rng, 40, 50)
    found = surface_distances(CropMask.from_full(a), CropMask.from_full(b), spacing)
    if not a.any() or not b.any():
        assert found is None
        return
    assert found is not None
    figures = (found.hausdorff, found.hausdorff_95, found.average, found.within(0.9))
    assert figures == pytest.approx(all_pairs(a, b, spacing), abs=1e-9)


def test_a_shift_of_three_columns_is_three_pixel_widths() -> None:
    mask = np.zeros((30, 30), np.uint8)
    mask[5:15, 5:15] = 1
    pair = CropMask.from_full(mask), CropMask.from_full(np.roll(mask, 3, axis=1))
    found = surface_distances(*pair, (0.5, 2.0))
    assert found is not None
    assert (found.hausdorff, found.hausdorff_95) == (1.5, 1.5)


def test_the_hausdorff_distance_is_scipys() -> None:
    rng = np.random.default_rng(1)
    for _ in range(10):
        a, b = blob(rng, 40, 50), blob(rng, 40, 50)
        masks = CropMask.from_full(a), CropMask.from_full(b)
        found = surface_distances(*masks, (0.3, 0.7))
        if found is None:
            continue
        points = [boundary_points(mask, (0.3, 0.7)) for mask in masks]
        ways = directed_hausdorff(*points)[0], directed_hausdorff(*points[::-1])[0]
        assert found.hausdorff == pytest.approx(max(ways))


def test_the_tolerance_counts_both_boundaries() -> None:
    """A square and one a pixel wider all round: all within a pixel's width, none below it."""
    small, large = np.zeros((30, 30), np.uint8), np.zeros((30, 30), np.uint8)
    small[10:20, 10:20], large[9:21, 9:21] = 1, 1
    found = surface_distances(CropMask.from_full(small), CropMask.from_full(large), (2.0, 2.0))
    assert found is not None
    assert found.within(1.9) == 0
    # The four corners of the larger square are a diagonal away.
    assert found.within(2.0) == pytest.approx(1 - 4 / (36 + 44))
    assert found.within(2.9) == 1
