"""Ranking measures against scikit-learn and against the mean over all orders of ties."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics

from benchmark_n.evaluators.label_errors import ranking
from benchmark_n.evaluators.label_errors.label_blocks import label_blocks

Scores = NDArray[np.float64]
Labels = NDArray[np.bool_]


def counted(scores: Scores, wrong: Labels) -> tuple[ranking.Counts, ranking.Counts]:
    blocks = ranking.make_blocks(scores)
    return blocks.counts(wrong.astype(int)), blocks.counts((~wrong).astype(int))


def sample(seed: int, levels: int) -> tuple[Scores, Labels]:
    rng = np.random.default_rng(seed)
    scores = rng.permutation(200) / 200 if levels == 0 else rng.integers(0, levels, 200) / levels
    return scores, rng.random(200) < 0.3


@pytest.mark.parametrize("levels", [0, 2, 7])
def test_auroc_is_scikit_learns_with_and_without_ties(levels: int) -> None:
    scores, wrong = sample(1, levels)
    expected = metrics.roc_auc_score(wrong, scores)
    assert ranking.auroc(*counted(scores, wrong)) == pytest.approx(expected, abs=1e-12)


def test_average_precision_is_scikit_learns_without_ties() -> None:
    scores, wrong = sample(2, 0)
    expected = metrics.average_precision_score(wrong, scores)
    found = ranking.average_precision(*counted(scores, wrong), int(wrong.sum()))
    assert found == pytest.approx(expected, abs=1e-12)


def test_best_f1_is_the_top_of_scikit_learns_curve() -> None:
    scores, wrong = sample(3, 11)
    precision, recall, _ = metrics.precision_recall_curve(wrong, scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-300)
    found = ranking.f1_curve(*counted(scores, wrong), int(wrong.sum())).max()
    assert found == pytest.approx(f1.max(), abs=1e-12)


def test_precision_recall_f1_are_scikit_learns() -> None:
    scores, wrong = sample(4, 5)
    flagged = scores > 0.5
    found = ranking.precision_recall_f1((flagged & wrong).sum(), flagged.sum(), wrong.sum())
    expected = metrics.precision_recall_fscore_support(wrong, flagged, average="binary")
    assert found == pytest.approx(expected[:3], abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=1, max_size=7))
def test_ties_count_by_their_mean_over_all_orders(items: list[tuple[int, bool]]) -> None:
    if not any(wrong for _, wrong in items):
        return
    scores = np.array([score for score, _ in items], float)
    wrong = np.array([label for _, label in items])
    orders = [
        order
        for order in itertools.permutations(range(len(items)))
        if (np.diff(scores[list(order)]) <= 0).all()
    ]
    falling = -np.arange(len(items), dtype=float)
    average = [metrics.average_precision_score(wrong[list(o)], falling) for o in orders]
    pair = counted(scores, wrong)
    assert ranking.average_precision(*pair, int(wrong.sum())) == pytest.approx(np.mean(average))
    for k in range(1, len(items) + 1):
        hits = [wrong[list(order)][:k].sum() for order in orders]
        assert ranking.hits_at(*pair, k) == pytest.approx(np.mean(hits))


def test_one_class_has_no_auroc_and_no_average_precision() -> None:
    scores, right = np.array([0.1, 0.2]), np.array([False, False])
    assert np.isnan(ranking.auroc(*counted(scores, right)))
    assert np.isnan(ranking.average_precision(*counted(scores, right), 0))


@pytest.mark.parametrize("levels", [0, 2, 7, 60])
def test_step_precision_is_scikit_learns_with_and_without_ties(levels: int) -> None:
    scores, wrong = sample(6, levels)
    expected = metrics.average_precision_score(wrong, scores)
    found = ranking.step_precision(*counted(scores, wrong), int(wrong.sum()))
    assert found == pytest.approx(expected, abs=1e-12)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.integers(0, 3)), max_size=14))
def test_joined_blocks_have_the_same_measures(items: list[tuple[int, bool, int]]) -> None:
    scores = np.array([score for score, _, _ in items], float)
    wrong = np.array([label for _, label, _ in items], bool)
    weights = np.array([[weight for _, _, weight in items], [1] * len(items)])
    blocks, joined = ranking.make_blocks(scores), label_blocks(scores, wrong)
    plain = blocks.counts(weights * wrong), blocks.counts(weights * ~wrong)
    fewer = joined.counts(weights)
    assert len(joined.scores) <= len(blocks.scores)
    total = plain[0].sum(axis=-1)
    for measure in (ranking.average_precision, ranking.f1_curve):
        a, b = measure(*plain, total), measure(*fewer, total)
        if measure is ranking.f1_curve:
            a, b = np.nan_to_num(a).max(-1, initial=0), np.nan_to_num(b).max(-1, initial=0)
        assert a == pytest.approx(b, nan_ok=True)
    assert ranking.auroc(*plain) == pytest.approx(ranking.auroc(*fewer), nan_ok=True)
    for k in range(len(items) + 2):
        hits = ranking.hits_at(*plain, k), ranking.hits_at(*fewer, k)
        assert hits[0] == pytest.approx(hits[1])


def test_lifted_is_affine_between_chance_and_perfect() -> None:
    assert ranking.lifted(0.3, 0.3) == 0
    assert ranking.lifted(1.0, 0.3) == 1
    assert ranking.lifted(0.65, 0.3) == pytest.approx(0.5)
    assert np.isnan(ranking.lifted(1.0, 1.0))
