"""The ranking loss and its pairs against brute force and the equation."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from benchmark_n.detectors.quality_sentinel.loss import (
    assigned_pairs,
    cut_cycles,
    ranking_loss,
    similarities,
)

torch = pytest.importorskip("torch")


def test_similarities_are_cosines() -> None:
    rows = np.array([[3.0, 4.0], [0.0, 2.0], [0.0, 0.0]], np.float32)
    assert similarities(rows) == pytest.approx(np.array([[1, 0.8, 0], [0.8, 1, 0], [0, 0, 0]]))


@pytest.mark.parametrize("count", [2, 3, 5, 6])
def test_assignment_is_the_best_permutation_without_fixed_points(count: int) -> None:
    likeness = similarities(np.random.default_rng(count).normal(size=(count, 4)).astype(np.float32))
    best = max(
        sum(likeness[i, j] for i, j in enumerate(order))
        for order in permutations(range(count))
        if all(i != j for i, j in enumerate(order))
    )
    pairs = assigned_pairs(likeness, "all")
    assert sorted(pairs[:, 0]) == sorted(pairs[:, 1]) == list(range(count))
    assert (pairs[:, 0] != pairs[:, 1]).all()
    assert sum(likeness[i, j] for i, j in pairs) == pytest.approx(best)


@pytest.mark.parametrize("count", [1, 2, 5, 8, 13])
def test_disjoint_pairs_use_nobody_twice(count: int) -> None:
    likeness = similarities(np.random.default_rng(count).normal(size=(count, 3)).astype(np.float32))
    pairs = assigned_pairs(likeness, "disjoint")
    assert pairs.shape == (count // 2, 2)
    assert len(set(pairs.ravel().tolist())) == 2 * (count // 2)


def test_cycles_keep_assigned_partners() -> None:
    permutation = np.array([1, 0, 3, 4, 2])
    assert cut_cycles(permutation).tolist() == [[0, 1], [2, 3]]


def test_loss_is_the_equation() -> None:
    predicted, true = torch.tensor([0.2, 0.9, 0.5, 0.4]), torch.tensor([0.8, 0.3, 0.6, 0.2])
    pairs = np.array([[0, 1], [2, 3]])
    wrong = (0.2 - 0.9) * (0.3 - 0.8) + 0.1
    right = max(0.0, (0.5 - 0.4) * (0.2 - 0.6) + 0.1)
    loss = ranking_loss(predicted, true, pairs, 0.1)
    assert float(loss) == pytest.approx((wrong + right) / 2)
    assert float(ranking_loss(predicted, true, pairs[:0], 0.1)) == 0
