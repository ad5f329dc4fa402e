"""The audit's statistics against SciPy, against all permutations, and against shuffled files."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu, norm
from sklearn.metrics import roc_auc_score

from benchmark_n.evaluators.leakage.order import displacement, neighbours, relative_places
from benchmark_n.evaluators.leakage.statistic import NOTHING, Deviation, stratified_auroc
from benchmark_n.evaluators.leakage.values import strangeness


@settings(max_examples=60)
@given(seed=st.integers(0, 10_000), levels=st.integers(2, 50))
def test_one_stratum_is_mann_whitney(seed: int, levels: int) -> None:
    random = np.random.default_rng(seed)
    ranks = random.integers(0, levels, 60)
    positive = random.random(60) < 0.3
    positive[:2] = True, False
    found = stratified_auroc(ranks, positive, np.zeros(60, np.int64))
    assert found.auroc == pytest.approx(roc_auc_score(positive, ranks))
    if len(np.unique(ranks)) > 1:
        theirs = mannwhitneyu(
            ranks[positive],
            ranks[~positive],
            alternative="greater",
            method="asymptotic",
            use_continuity=False,
        )
        assert norm.sf(found.z) == pytest.approx(theirs.pvalue, rel=1e-9)


def _all_assignments(
    ranks: np.ndarray, positive: np.ndarray, strata: np.ndarray
) -> tuple[list[float], float]:
    """Van Elteren's sum under all assignments within strata, and as it is; pairs counted singly."""

    def part(rows: list[int], chosen: tuple[int, ...]) -> float:
        others = [i for i in rows if i not in chosen]
        wins = sum(
            (ranks[i] > ranks[j]) + (ranks[i] == ranks[j]) / 2 for i in chosen for j in others
        )
        return float(wins) / (len(rows) + 1)

    sums, seen = [0.0], 0.0
    for stratum in np.unique(strata):
        rows = np.flatnonzero(strata == stratum).tolist()
        hits = tuple(i for i in rows if positive[i])
        if 0 < len(hits) < len(rows):
            parts = [part(rows, chosen) for chosen in combinations(rows, len(hits))]
            sums = [a + b for a in sums for b in parts]
            seen += part(rows, hits)
    return sums, seen


@settings(max_examples=40)
@given(seed=st.integers(0, 10_000))
def test_moments_and_tail_against_all_permutations(seed: int) -> None:
    random = np.random.default_rng(seed)
    strata = np.array([0] * 8 + [2] * 6 + [3])
    ranks = random.integers(0, random.integers(2, 9), 15)
    positive = random.random(15) < 0.4
    sums, seen = _all_assignments(ranks, positive, strata)
    found = stratified_auroc(ranks, positive, strata)
    spread = float(np.std(sums))
    if spread < 1e-9:
        assert found.z == 0
        assert found.p() == 1
        return
    assert found.z == pytest.approx((seen - np.mean(sums)) / spread)
    tail = np.mean(np.array(sums) >= seen - 1e-9)
    assert found.p() >= tail - 1e-12
    away = np.abs(np.array(sums) - np.mean(sums))
    assert found.p(two_sided=True) >= np.mean(away >= abs(seen - np.mean(sums)) - 1e-9) - 1e-12


def test_rare_values_raise_no_alarm() -> None:
    """Both of two items of a rare value are positive: one chance in four hundred, no more."""
    ranks = np.zeros(1000, np.int64)
    ranks[:2] = 1
    positive = np.zeros(1000, np.bool_)
    positive[:50] = True
    found = stratified_auroc(ranks, positive, np.zeros(1000, np.int64))
    chance = math.comb(998, 48) / math.comb(1000, 50)
    assert norm.sf(found.z) < chance / 1e4  # as the normal has it
    assert found.p() > chance


def test_the_stratum_alone_tells_nothing() -> None:
    strata = np.repeat([0, 1], 500)
    positive = np.arange(1000) % 10 < np.where(strata, 8, 1)
    assert stratified_auroc(strata, positive, np.zeros(1000, np.int64)).p() < 1e-9
    assert stratified_auroc(strata, positive, strata).p() == 1


def test_reach_is_where_the_tail_has_the_level() -> None:
    for step in (0.0, 0.1, 2.0):
        deviation = Deviation(0.5, 0.02, step, 10, 10)
        away = Deviation(0.5 + deviation.reach(1e-5), 0.02, step, 10, 10)
        assert away.p() == pytest.approx(1e-5)


def test_nothing_to_compare() -> None:
    ranks = np.arange(5)
    for positive in (np.zeros(5, bool), np.ones(5, bool)):
        assert stratified_auroc(ranks, positive, np.zeros(5, np.int64)) is NOTHING
    alone = stratified_auroc(ranks, ranks < 2, ranks)
    assert (alone.z, alone.p(), alone.positives) == (0, 1, 0)


def _plain_neighbours(category: list[int], weights: np.ndarray) -> float:
    pairs = zip(range(len(category) - 1), range(1, len(category)), strict=True)
    return float(sum(weights[i] + weights[j] for i, j in pairs if category[i] != category[j])) / 2


def _plain_displacement(category: list[int], weights: np.ndarray) -> float:
    n, total = len(category), 0.0
    for i, c in enumerate(category):
        places = [p for p, d in enumerate(sorted(category)) if d == c]
        total += weights[i] * abs(sum(places) / len(places) - i) / n
    return total


@pytest.mark.parametrize(
    ("measure", "plain"),
    [(neighbours, _plain_neighbours), (displacement, _plain_displacement)],
)
def test_order_against_all_orders(
    measure: Callable[..., Deviation], plain: Callable[..., float]
) -> None:
    """Two images in all orders of their records: value, mean and variance counted one by one."""
    category = np.array([1, 1, 2, 3, 2, 1, 0, 0, 2, 2])
    positive = np.array([1, 0, 0, 1, 0, 0, 1, 0, 0, 1], bool)
    images = np.array([0] * 6 + [1] * 4)
    share = np.array([positive[category == c].mean() for c in range(4)])
    weights = positive - share[category]
    n = np.bincount(category)
    scale = float((n * share * (1 - share)).sum())
    values, means, variances = [], [], []
    for image in (0, 1):
        rows = np.flatnonzero(images == image)
        every = [
            plain(category[list(order)].tolist(), weights[list(order)])
            for order in permutations(rows.tolist())
        ]
        values.append(plain(category[rows].tolist(), weights[rows]))
        means.append(np.mean(every))
        variances.append(np.var(every))
    found = measure(images, category, positive)
    error = math.sqrt(sum(variances))
    assert found.z == pytest.approx((sum(values) - sum(means)) / error)
    assert found.auroc == pytest.approx(0.5 + (sum(values) - sum(means)) / scale / 2)
    mixed = np.random.default_rng(1).permutation(10)
    kept = mixed[np.argsort(images[mixed], kind="stable")]
    assert (category[kept] != category).any()
    again = measure(images[mixed], category[mixed], positive[mixed])
    assert again.error == pytest.approx(found.error)


def test_relative_places() -> None:
    places = relative_places(np.array([7, 3, 7, 7, 3, 5]))
    assert places.tolist() == pytest.approx([1 / 6, 1 / 4, 1 / 2, 5 / 6, 3 / 4, 1 / 2])


def test_strangeness_is_one_less_the_share_of_the_others() -> None:
    random = np.random.default_rng(4)
    values, categories = random.integers(0, 5, 40), random.integers(0, 3, 40)
    values[0] = 9
    for spread in (1, 10**9):  # counted in a table, and by sorting
        found = strangeness(values * spread, categories)
        assert found is not None
        for i in range(40):
            others = np.flatnonzero((values == values[i]) & (np.arange(40) != i))
            if not others.size:
                others = np.flatnonzero(np.arange(40) != i)
            share = (categories[others] == categories[i]).mean()
            assert found[i] == pytest.approx((1 - share) * 2**20, abs=0.51)
    assert strangeness(np.arange(40), categories) is None
    assert strangeness(np.zeros(40, np.int64), categories) is None
