"""Hausdorff distances against all pairs of boundary pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion
from scipy.spatial.distance import cdist

from benchmark_n.evaluators.cardiac.hausdorff import hausdorff
from benchmark_n.masks import CropMask
from tests.evaluators.coco_samples import blob


def all_pairs(
    a: NDArray[np.uint8], b: NDArray[np.uint8], spacing: tuple[float, float]
) -> tuple[float, float]:
    points = []
    for mask in (a, b):
        edge = mask.astype(bool) & ~binary_erosion(mask, np.ones((3, 3)), border_value=0)
        rows, columns = np.nonzero(edge)
        points.append(np.stack([columns * spacing[0], rows * spacing[1]], axis=1))
    distances = cdist(*points)
    ways = distances.min(axis=1), distances.min(axis=0)
    return max(w.max() for w in ways), max(np.percentile(w, 95) for w in ways)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([(1.0, 1.0), (0.3, 0.7)]))
def test_both_figures_are_those_of_all_pairs(seed: int, spacing: tuple[float, float]) -> None:
    rng = np.random.default_rng(seed)
    a, b = blob(rng, 40, 50), blob(rng, 40, 50)
    found = hausdorff(CropMask.from_full(a), CropMask.from_full(b), spacing)
    if not a.any() or not b.any():
        assert found is None
        return
    assert found == pytest.approx(all_pairs(a, b, spacing), abs=1e-9)


def test_a_shift_of_three_columns_is_three_pixel_widths() -> None:
    mask = np.zeros((30, 30), np.uint8)
    mask[5:15, 5:15] = 1
    pair = CropMask.from_full(mask), CropMask.from_full(np.roll(mask, 3, axis=1))
    assert hausdorff(*pair, (0.5, 2.0)) == (1.5, 1.5)
