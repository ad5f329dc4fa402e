"""Bootstrap weights and intervals against closed forms and a plain loop."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics

from benchmark_n.evaluators.label_errors import ranking
from benchmark_n.evaluators.label_errors.bootstrap import bootstrap, group_weights, interval
from benchmark_n.evaluators.label_errors.label_blocks import label_blocks
from benchmark_n.evaluators.label_errors.measures import ScoredItems, measure
from benchmark_n.evaluators.label_errors.resampling import replicates
from benchmark_n.evaluators.label_errors.slices import MEASURES, slice_items


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


def drawn_items(seed: int, levels: int, *, missing: bool = False) -> ScoredItems:
    """400 items of 60 groups, some of which have none, with scores of so many levels."""
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, 50, 400)
    scores, wrong = rng.integers(0, levels, 400) / levels, rng.random(400) < 0.4
    unranked = rng.integers(0, 3, 60) if missing else None
    return ScoredItems(scores, wrong, scores > 0.6, groups, 60, unranked)


def repeated(items: ScoredItems, weights: NDArray[np.int64]) -> ScoredItems:
    """The rows of each group as often as it was drawn."""
    rows = np.repeat(np.arange(items.scores.size), weights[items.groups])
    unranked = None if items.unranked is None else items.unranked * weights
    part = ScoredItems(items.scores, items.wrong, items.flagged, items.groups, 60).part(rows)
    return replace(part, unranked=unranked)


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("levels", [4, 40, 100_000])
def test_weights_are_repeated_rows(levels: int, missing: bool) -> None:
    """Of every measure, and of the lifted AUPRC of other scores."""
    items = drawn_items(levels, levels, missing=missing)
    other = np.random.default_rng(1).integers(0, 9, 400) / 9
    drawn = replicates(items, 12, seed=4, others={"area": other})
    assert {"auprc", "best_f1", "f1_at_budget", "precision_at_50"} < set(drawn)
    assert missing == ("recall_at_5_percent" not in drawn)
    for row, weights in enumerate(np.concatenate(list(group_weights(60, 12, 4, 12)))):
        expected = measure(repeated(items, weights))
        for name, values in drawn.items():
            found = None if np.isnan(values[row]) else pytest.approx(values[row], abs=1e-12)
            if name == "area":
                copies = repeated(replace(items, scores=other, unranked=None), weights)
                expected[name] = None if missing else measure(copies)["lifted_auprc"]
            assert found == expected[name], name


def test_average_precision_is_scikit_learns_of_repeated_rows() -> None:
    """Copies of a row are of one label, so that their order makes no difference."""
    items = drawn_items(7, 10**9)
    drawn = replicates(items, 12, seed=4)["auprc"]
    for row, weights in enumerate(np.concatenate(list(group_weights(60, 12, 4, 12)))):
        copies = repeated(items, weights)
        order = np.argsort(-copies.scores, kind="stable")
        expected = metrics.average_precision_score(copies.wrong[order], -np.arange(order.size))
        assert drawn[row] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("levels", [4, 40, 100_000])
def test_measures_of_weights_are_scikit_learns(levels: int) -> None:
    items = drawn_items(levels, levels)
    blocks = ranking.make_blocks(items.scores)
    grouped = label_blocks(items.scores, items.wrong).by_group(items.groups, 60)
    every = np.concatenate(list(group_weights(60, 12, 4, 12)))
    areas = ranking.auroc(*grouped.counts(every))
    for row, weights in enumerate(every):
        own = weights[items.groups]
        positives = blocks.counts(own * items.wrong)
        found = ranking.step_precision(
            positives, blocks.counts(own * ~items.wrong), int(positives.sum())
        )
        given = items.wrong, items.scores
        expected = metrics.average_precision_score(*given, sample_weight=own)
        assert found == pytest.approx(expected, abs=1e-12)
        assert areas[row] == pytest.approx(
            metrics.roc_auc_score(*given, sample_weight=own), abs=1e-12
        )


def test_slices_have_the_draws_of_the_whole() -> None:
    """Each as if it alone were resampled, by the same draws of all units."""
    items, counted = drawn_items(3, 30), np.random.default_rng(3).random(400) < 0.9
    parts = {"size": {"low": items.groups < 20, "high": items.groups >= 20}}
    found = slice_items(items, counted, parts, 25, seed=6)
    for one in found["size"]:
        own = items.part(parts["size"][one.value] & counted)
        values = [
            measure(repeated(own, weights))
            for weights in np.concatenate(list(group_weights(60, 25, 6, 25)))
        ]
        assert set(one.intervals) == set(MEASURES) - {"prevalence"}
        for name, spread in one.intervals.items():
            column = np.array([each[name] for each in values], float)
            assert spread == pytest.approx(interval(column), abs=1e-12)
    assert slice_items(items, counted, {}, 25, seed=6) == {}


def test_undefined_replicates_do_not_count() -> None:
    assert interval(np.array([np.nan, 1.0, 1.0])) == (1.0, 1.0)
    assert interval(np.array([np.nan])) is None
