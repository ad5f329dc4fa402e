"""Heads on many rows against scikit-learn's, and what they hold in memory."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from benchmark_n.evidence.crops import linear_heads, many_rows
from benchmark_n.evidence.crops.linear_heads import cross_validate, fit_head, head_name


def clusters(count: int, width: int, categories: int) -> tuple[Any, Any]:
    """Features about a centre a category, of unlike scales, one label in ten drawn anew."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, categories, count)
    centres = rng.normal(0, 1, (categories, width))
    features = centres[labels] + rng.normal(0, 2, (count, width))
    features = features * rng.lognormal(0, 1, width) + rng.normal(0, 3, width)
    features[:, 0] = 5  # the same in all
    drawn = rng.random(count) < 0.1
    labels[drawn] = rng.integers(0, categories, drawn.sum())
    return features.astype(np.float32), labels


@pytest.mark.parametrize("categories", [2, 7])
def test_a_head_on_many_rows_is_that_of_scikit_learn(
    categories: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many_rows, "_SLOPE", 1e-6)
    monkeypatch.setattr(many_rows, "_ITERATIONS", 500)
    features, labels = clusters(12_000, 40, categories)
    rows = np.flatnonzero(np.arange(len(labels)) % 7 > 0)
    head = fit_head(features, labels, categories + 1, 1e-3, rows)
    scaler = StandardScaler().fit(features[rows])
    expected = LogisticRegression(C=1e-3, max_iter=2000, tol=1e-8)
    expected.fit(scaler.transform(features[rows]), labels[rows])
    probs = head.probabilities(head.standardise(features))
    known = expected.predict_proba(scaler.transform(features))
    np.testing.assert_allclose(probs[:, :categories], known, atol=2e-4)
    assert (probs[:, categories] == 0).all()


def test_the_bounded_fit_is_near_the_whole_one(monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = clusters(4000, 60, 10)
    folds = np.arange(len(labels)) % 2
    whole = cross_validate(features, labels, folds, 10, workers=1)[0]
    monkeypatch.setattr(linear_heads, "MANY", 1000)
    bounded = cross_validate(features, labels, folds, 10, workers=1)[0]
    assert not np.array_equal(whole, bounded)
    assert np.abs(whole - bounded).max() < 0.01


def test_rows_beyond_the_widest_axes_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = clusters(3000, 30, 4)
    monkeypatch.setattr(many_rows, "COMPONENTS", 5)
    fitted = many_rows.fit_many(features, labels, np.arange(3000), 1000.0)
    assert np.linalg.matrix_rank(fitted.coefficients) <= 5
    standard = StandardScaler().fit_transform(features.astype(np.float64))
    _, _, axes = np.linalg.svd(standard, full_matrices=False)
    outside = fitted.coefficients - fitted.coefficients @ axes[:5].T @ axes[:5]
    assert np.abs(outside).max() < 1e-3 * np.abs(fitted.coefficients).max()


def test_moments_are_those_of_numpy() -> None:
    features, _ = clusters(5000, 8, 3)
    rows = np.flatnonzero(np.arange(5000) % 3 > 0)
    mean, deviation = many_rows.moments(features, rows)
    expected = features[rows].astype(np.float64)
    np.testing.assert_allclose(mean, expected.mean(axis=0), rtol=1e-9)
    np.testing.assert_allclose(deviation[1:], expected.std(axis=0)[1:], rtol=1e-6)
    assert deviation[0] == 1


def test_mapped_features_are_not_copied_as_a_whole(tmp_path: Path) -> None:
    count, width = 40_000, 400
    path = tmp_path / "features.npy"
    made = np.lib.format.open_memmap(path, "w+", np.float32, (count, width))
    rng = np.random.default_rng(0)
    for start in range(0, count, 4000):
        made[start : start + 4000] = rng.normal(size=(4000, width))
    made.flush()
    mapped = np.load(path, mmap_mode="r")
    tracemalloc.start()
    mean, deviation = many_rows.moments(mapped, np.arange(count))
    scatter, _ = many_rows._axes(mapped, np.arange(count), mean, deviation)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(scatter) == width
    # Of all rows that are standardised at once there are 8,192, twice while they are divided.
    assert peak < 3 * 8192 * width * 4 < made.nbytes


def test_many_rows_are_the_same_whatever_the_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = clusters(12_600, 10, 3)
    folds = np.arange(len(labels)) % 5
    one = cross_validate(features, labels, folds, 3, passes=1, workers=1)
    two = cross_validate(features, labels, folds, 3, passes=1, workers=2)
    np.testing.assert_array_equal(one, two)


def test_results_say_that_heads_are_those_of_many_rows() -> None:
    assert head_name(9_999) == "logistic regression, C 0.001"
    assert head_name(10_000) == "logistic regression, C 0.001, 60 steps along 1024 axes"
