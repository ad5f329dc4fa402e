"""Correlations against SciPy, MAP@k against a plain loop over the definition."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from benchmark_n.errors import InputError
from benchmark_n.evaluators.label_quality.regression import (
    average_precision_at,
    evaluate_label_quality,
)

RNG = np.random.default_rng(0)
TRUE = RNG.random(60)
PREDICTED = np.clip(TRUE + RNG.normal(0, 0.2, 60), 0, 1)
CLASSES = ["liver"] * 30 + ["spleen"] * 22 + ["aorta"] * 8
KINDS = ["shift", "scale"] * 30


def by_definition(predicted: NDArray[np.float64], true: NDArray[np.float64], k: int) -> float:
    lowest = set(np.argsort(true)[:k].tolist())
    ranked = np.argsort(predicted).tolist()
    total, found = 0.0, 0
    for rank, item in enumerate(ranked[:k], start=1):
        if item in lowest:
            found += 1
            total += found / rank
    return total / k


def test_correlations_and_errors_are_scipys() -> None:
    result = evaluate_label_quality(PREDICTED, TRUE, CLASSES, KINDS)
    assert result.lcc == pytest.approx(stats.pearsonr(PREDICTED, TRUE).statistic)
    assert result.srocc == pytest.approx(stats.spearmanr(PREDICTED, TRUE).statistic)
    assert result.mae == pytest.approx(np.abs(PREDICTED - TRUE).mean())
    assert result.constant_mae == pytest.approx(np.abs(TRUE - np.median(TRUE)).mean())
    first = slice(0, 30)
    expected = stats.spearmanr(PREDICTED[first], TRUE[first]).statistic
    assert result.within_class["liver"]["srocc"] == pytest.approx(expected)
    assert set(result.within_degradation) == {"shift", "scale"}


def test_map_is_the_mean_over_classes_that_are_large_enough() -> None:
    result = evaluate_label_quality(PREDICTED, TRUE, CLASSES)
    liver = by_definition(PREDICTED[:30], TRUE[:30], 10)
    spleen = by_definition(PREDICTED[30:52], TRUE[30:52], 10)
    assert result.map_at[10] == pytest.approx((liver + spleen) / 2)
    assert result.too_small == {5: ["aorta"], 10: ["aorta"]}


def test_tied_predictions_count_by_their_mean_over_all_orders() -> None:
    true = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    predicted = np.array([0.2, 0.2, 0.1, 0.2, 0.9, 0.2])
    orders = [
        by_definition(np.argsort(order).astype(float), true, 3)
        for order in itertools.permutations(range(6))
        if (np.diff(predicted[list(order)]) >= 0).all()
    ]
    assert average_precision_at(predicted, true, 3) == pytest.approx(np.mean(orders))


def test_a_constant_prediction_has_no_correlation() -> None:
    result = evaluate_label_quality(np.full(60, 0.5), TRUE, CLASSES)
    assert result.lcc is None
    assert result.to_dict()["srocc"] is None


def test_faults_are_named() -> None:
    with pytest.raises(InputError, match="expected as many of each"):
        evaluate_label_quality([0.5], [0.5, 0.6], ["liver"])
    with pytest.raises(InputError, match="true value 1 is nan"):
        evaluate_label_quality([0.5, 0.5], [0.5, float("nan")], ["liver", "liver"])
