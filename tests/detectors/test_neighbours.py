"""Nearest neighbours against all pairs, sorted."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from benchmark_n.detectors.common import neighbours
from benchmark_n.detectors.common.neighbours import cosine_neighbours, nearest
from benchmark_n.detectors.common.ridge_folds import components
from benchmark_n.errors import InputError


@given(st.integers(0, 500), st.integers(1, 6))
def test_the_nearest_are_the_first_of_a_stable_sort(seed: int, most: int) -> None:
    values = np.random.default_rng(seed).integers(0, 5, (9, 6)) / 4  # many of them equal
    expected = np.argsort(-values, axis=1, kind="stable")[:, :most]
    np.testing.assert_array_equal(nearest(values, most), expected)


def spread(count: int, width: int = 12) -> Any:
    """Rows about 30 centres."""
    rng = np.random.default_rng(0)
    centres = rng.normal(0, 2, (30, width))
    rows = centres[rng.integers(0, 30, count)] + rng.normal(0, 1, (count, width))
    return rows.astype(np.float32)


def scikit(rows: Any, most: int) -> Any:
    """Places and cosines of the nearest others, by scikit-learn."""
    scaled = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    model = NearestNeighbors(n_neighbors=most + 1, metric="cosine", algorithm="brute").fit(scaled)
    distances, places = model.kneighbors(scaled)
    return places[:, 1:], 1 - distances[:, 1:]


def test_cells_hold_nearly_all_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = spread(4000)
    places, cosines = scikit(rows, 8)
    monkeypatch.setattr(neighbours, "MANY", 1000)
    monkeypatch.setattr(neighbours, "CELL", 100)
    monkeypatch.setattr(neighbours, "PROBES", 4)
    found, similarity = cosine_neighbours(rows, 8)
    assert (found != np.arange(4000)[:, None]).all()
    assert (np.diff(similarity, axis=1) <= 0).all()
    alike = np.mean([len(set(a) & set(b)) / 8 for a, b in zip(found, places, strict=True)])
    assert 0.95 < alike < 1
    assert np.abs(similarity[:, 0] - cosines[:, 0]).max() < 0.2


def test_all_cells_are_all_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = spread(1500)
    places, cosines = scikit(rows, 5)
    monkeypatch.setattr(neighbours, "MANY", 1000)
    monkeypatch.setattr(neighbours, "PROBES", 10**6)
    found, similarity = cosine_neighbours(rows, 5)
    np.testing.assert_array_equal(found, places)
    np.testing.assert_allclose(similarity, cosines, atol=1e-5)


def test_equal_ones_stand_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums of other columns go in another order: without rounding, equal ones differ by 6e-8."""
    rows = spread(1500, 37)
    rows[200:900] = rows[200]
    monkeypatch.setattr(neighbours, "MANY", 1000)
    found, similarity = cosine_neighbours(rows, 5)
    np.testing.assert_array_equal(similarity[200:900], np.ones((700, 5), np.float32))
    np.testing.assert_array_equal(found[300:900], np.tile(np.arange(200, 205), (600, 1)))


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_features_that_are_no_numbers_are_one_line(wrong: float) -> None:
    rows = spread(20)
    rows[3, 2] = wrong
    with pytest.raises(InputError, match="embeddings hold NaN or infinity, expected numbers"):
        cosine_neighbours(rows, 5)


def test_each_is_compared_with_so_many_others_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    for count in (2000, 8000):
        pairs = 0

        def counted(similarity: Any, most: int) -> Any:
            nonlocal pairs
            pairs += similarity.size
            return nearest(similarity, most)

        monkeypatch.setattr(neighbours, "MANY", 1000)
        monkeypatch.setattr(neighbours, "CELL", 50)
        monkeypatch.setattr(neighbours, "nearest", counted)
        cosine_neighbours(spread(count), 5)
        compared.append(pairs / count)
    assert compared[1] < 1.6 * compared[0]  # all pairs would be 4 times as many


def test_equal_rows_are_neighbours_of_one_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "MANY", 1000)
    found, similarity = cosine_neighbours(np.ones((1200, 3), np.float32), 4)
    assert (found != np.arange(1200)[:, None]).all()
    assert np.isfinite(similarity).all()


def test_components_of_many_rows_are_those_of_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = spread(3000, 20)
    whole = components(rows, 6)
    monkeypatch.setattr("benchmark_n.detectors.common.ridge_folds.MANY", 1000)
    parts = components(rows, 6)
    signs = np.sign((whole * parts).sum(axis=0))
    np.testing.assert_allclose(parts * signs, whole, atol=2e-3)


def test_components_of_mapped_rows_are_made_without_a_copy_of_them(tmp_path: Path) -> None:
    np.save(tmp_path / "rows.npy", np.repeat(spread(2000, 300), 15, axis=0))
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    tracemalloc.start()
    made = components(mapped, 8)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert made.shape == (30_000, 8)
    assert peak < mapped.nbytes
