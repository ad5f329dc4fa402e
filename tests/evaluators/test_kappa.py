"""Kappa against scikit-learn, statsmodels' figures and the papers' definitions by brute force."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from benchmark_n.evaluators.agreement import cohen_kappa, fleiss_kappa

# Counts of pairs of labels; kappa and its 95 % interval by statsmodels 0.15 (`cohens_kappa`).
TABLES = [
    (
        [[88, 14, 18], [10, 40, 10], [2, 6, 12]],
        0.49152542372881347,
        (0.3915637020535469, 0.59148714540408),
    ),
    ([[20, 5], [10, 15]], 0.4, (0.151092290476661, 0.6489077095233389)),
]
# Ten items by fourteen raters into five labels, and what statsmodels' `fleiss_kappa` gives.
FOURTEEN = [
    *([0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1]),
    *([7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7]),
]


def _labels(table: list[list[int]]) -> tuple[list[int], list[int]]:
    pairs = [(i, j) for i, row in enumerate(table) for j, n in enumerate(row) for _ in range(n)]
    return [i for i, _ in pairs], [j for _, j in pairs]


@pytest.mark.parametrize(("table", "kappa", "interval"), TABLES)
def test_cohen_against_statsmodels(
    table: list[list[int]], kappa: float, interval: tuple[float, float]
) -> None:
    found = cohen_kappa(*_labels(table))
    assert found.kappa == pytest.approx(kappa)
    assert found.interval == pytest.approx(interval)
    assert (found.items, found.raters) == (int(np.sum(table)), 2)


def test_cohen_against_scikit_learn() -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        first = rng.integers(0, 4, 30)
        second = np.where(rng.random(30) < 0.6, first, rng.integers(0, 4, 30))
        found = cohen_kappa(first.tolist(), second.tolist())
        assert found.kappa == pytest.approx(cohen_kappa_score(first, second))
        assert found.agreed == pytest.approx(np.mean(first == second))


def test_the_interval_covers_the_kappa_that_was_drawn_from() -> None:
    # One rater's label is right, the other's is the same with .8 and else any of the three.
    rng = np.random.default_rng(5)
    agreed = 0.8 + 0.2 / 3
    true = (agreed - 1 / 3) / (1 - 1 / 3)
    covered = 0
    for _ in range(400):
        first = rng.integers(0, 3, 80)
        second = np.where(rng.random(80) < 0.8, first, rng.integers(0, 3, 80))
        low, high = cohen_kappa(first.tolist(), second.tolist()).interval or (1.0, 0.0)
        covered += low <= true <= high
    assert 0.92 <= covered / 400 <= 0.98


def test_fleiss_against_statsmodels() -> None:
    labels = [[label for label, n in enumerate(row) for _ in range(n)] for row in FOURTEEN]
    assert fleiss_kappa(labels).kappa == pytest.approx(0.20993070442195522)


def test_fleiss_and_its_jackknife_by_brute_force() -> None:
    rng = np.random.default_rng(11)
    labels = rng.integers(0, 3, (12, 4))
    labels[:6] = labels[:6, :1]

    def by_pairs(rows: np.ndarray) -> float:
        pairs = [row[i] == row[j] for row in rows for i, j in combinations(range(4), 2)]
        shares = np.bincount(rows.ravel(), minlength=3) / rows.size
        chance = float(np.sum(shares**2))
        return float((np.mean(pairs) - chance) / (1 - chance))

    found = fleiss_kappa(labels.tolist())
    assert found.kappa == pytest.approx(by_pairs(labels))
    left = np.array([by_pairs(np.delete(labels, i, axis=0)) for i in range(12)])
    error = np.sqrt(11 / 12 * np.sum((left - left.mean()) ** 2))
    assert found.interval == pytest.approx(
        (found.kappa - 1.959963984540054 * error, min(found.kappa + 1.959963984540054 * error, 1))
    )


def test_where_kappa_says_nothing() -> None:
    assert cohen_kappa([], []).kappa is None
    same = cohen_kappa(["keep"] * 9, ["keep"] * 9)
    assert (same.agreed, same.kappa, same.interval) == (1.0, None, None)
    assert fleiss_kappa([["keep"] * 3] * 7).kappa is None
    assert fleiss_kappa([["a", "b", "a"]]).interval is None
    perfect = cohen_kappa([1, 2, 1, 2], [1, 2, 1, 2])
    assert (perfect.kappa, perfect.interval) == (1.0, (1.0, 1.0))
    with pytest.raises(ValueError, match="3 and 2 labels"):
        cohen_kappa([1, 2, 3], [1, 2])
    with pytest.raises(ValueError, match="the same number"):
        fleiss_kappa([[1, 2], [1, 2, 3]])
