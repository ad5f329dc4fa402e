"""Graded truth against SciPy, and MAP@k against a plain loop over all orders of ties."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from benchmark_n.evaluators.label_errors.graded import average_precision_at, graded_measures

Values = NDArray[np.float64]


def by_definition(order: list[int], badness: Values, k: int) -> float:
    """AP@k of one order: the k worst of the changed ones, and those that tie with the last."""
    changed = sorted((b for b in badness.tolist() if b > 0), reverse=True)
    hits = {i for i, b in enumerate(badness.tolist()) if b > 0 and b >= changed[:k][-1]}
    found, total = 0, 0.0
    for rank, item in enumerate(order[:k], 1):
        if item in hits:
            found += 1
            total += found / rank
    return total / min(k, len(hits))


@pytest.mark.parametrize("k", [1, 2, 3, 5, 8])
def test_ap_at_k_is_its_mean_over_all_orders(k: int) -> None:
    rng = np.random.default_rng(k)
    for _ in range(20):
        scores, badness = rng.integers(0, 4, 6) / 4, rng.integers(0, 4, 6) / 10
        if not badness.any():
            continue
        orders = [
            list(order)
            for order in itertools.permutations(range(6))
            if (np.diff(scores[list(order)]) <= 0).all()
        ]
        expected = np.mean([by_definition(order, badness, k) for order in orders])
        assert average_precision_at(scores, badness, k) == pytest.approx(expected)


def test_a_category_with_few_changed_masks_is_not_perfect_whatever_the_ranking() -> None:
    badness = np.array([0.5, 0, 0, 0, 0, 0, 0, 0])
    last = np.arange(8) / 8
    assert average_precision_at(last, badness, 5) == 0
    assert average_precision_at(1 - last, badness, 5) == 1
    assert average_precision_at(last, np.zeros(8), 5) is None


def test_correlations_are_scipys_and_means_are_over_categories() -> None:
    rng = np.random.default_rng(0)
    iou = np.where(rng.random(60) < 0.5, 1.0, rng.random(60))
    scores = np.round(1 - iou + rng.normal(0, 0.3, 60), 1)
    categories = np.repeat([1, 2, 3], [30, 22, 8])
    unknown = np.r_[iou, np.nan]
    found = graded_measures(np.r_[scores, 9.0], unknown, np.r_[categories, 1])
    assert found["instances"] == 60
    assert found["spearman"] == pytest.approx(stats.spearmanr(scores, 1 - iou).statistic)
    assert found["kendall"] == pytest.approx(_tau_b(scores, 1 - iou))
    every = [
        average_precision_at(scores[categories == c], 1 - iou[categories == c], 10)
        for c in (1, 2, 3)
    ]
    assert found["map_at"]["10"]["all"] == pytest.approx(np.mean(every))  # type: ignore[arg-type]
    assert found["map_at"]["10"]["large"] == pytest.approx(np.mean(every[:2]))  # type: ignore[arg-type]
    assert found["map_at"]["10"]["categories"] == {"all": 3, "large": 2}
    assert found["map_at"]["5"]["categories"] == {"all": 3, "large": 2}


def test_constant_scores_have_no_correlation() -> None:
    found = graded_measures(np.zeros(3), np.array([1.0, 0.5, 0.2]), np.ones(3, int))
    assert (found["spearman"], found["kendall"]) == (None, None)


def _tau_b(a: Values, b: Values) -> float:
    pairs = list(itertools.combinations(range(len(a)), 2))
    x = np.array([np.sign(a[i] - a[j]) for i, j in pairs])
    y = np.array([np.sign(b[i] - b[j]) for i, j in pairs])
    return float((x * y).sum() / np.sqrt((x != 0).sum() * (y != 0).sum()))
