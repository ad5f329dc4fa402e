"""Bootstrap weights and intervals against closed forms and a plain loop."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from benchmark_n.evaluators.label_errors.bootstrap import bootstrap, group_weights, interval
from benchmark_n.evaluators.label_errors.measures import ScoredItems, replicates


def test_each_replicate_draws_as_many_groups_as_there_are() -> None:
    weights = np.concatenate(list(group_weights(7, 20, seed=3, rows=6)))
    assert weights.shape == (20, 7)
    assert (weights.sum(axis=1) == 7).all()


def test_draws_do_not_depend_on_how_they_are_cut() -> None:
    whole = np.concatenate(list(group_weights(9, 11, seed=1, rows=11)))
    parts = np.concatenate(list(group_weights(9, 11, seed=1, rows=2)))
    assert (whole == parts).all()


def test_interval_of_a_mean_is_the_normal_one() -> None:
    values = np.random.default_rng(0).normal(5, 2, 400)
    drawn = bootstrap(lambda w: {"mean": w @ values / w.sum(axis=1)}, 400, 400, 2000, 0)["mean"]
    low, high = interval(drawn) or (0.0, 0.0)
    half = 1.96 * values.std() / 20
    assert low == pytest.approx(values.mean() - half, abs=0.03)
    assert high == pytest.approx(values.mean() + half, abs=0.03)


def test_replicates_are_the_measures_of_resampled_images() -> None:
    rng = np.random.default_rng(5)
    groups = rng.integers(0, 12, 90)
    scores, wrong = rng.integers(0, 30, 90) / 30, rng.random(90) < 0.4
    detection = ScoredItems(scores, wrong, scores > 0.5, groups, 12)
    drawn = replicates(detection, 15, seed=2)
    for row, weights in enumerate(np.concatenate(list(group_weights(12, 15, 2, 15)))):
        items = np.repeat(np.arange(90), weights[groups])
        auroc = metrics.roc_auc_score(wrong[items], scores[items])
        f1 = metrics.f1_score(wrong[items], scores[items] > 0.5)
        assert drawn["auroc"][row] == pytest.approx(auroc, abs=1e-12)
        assert drawn["f1"][row] == pytest.approx(f1, abs=1e-12)


def test_undefined_replicates_do_not_count() -> None:
    assert interval(np.array([np.nan, 1.0, 1.0])) == (1.0, 1.0)
    assert interval(np.array([np.nan])) is None
