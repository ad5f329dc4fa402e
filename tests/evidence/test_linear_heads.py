"""Folds and heads against scikit-learn's own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from benchmark_n.coco.units import Units, each_its_own
from benchmark_n.errors import InputError
from benchmark_n.evidence.crops.linear_heads import cross_validate
from benchmark_n.evidence.folds import plan_folds

NAMES = ("a", "b", "c")


@given(st.integers(0, 1000))
def test_a_unit_is_in_one_fold_and_no_fold_is_empty(seed: int) -> None:
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, 12, 80)
    units = Units(groups, "patient", tuple("abcdefghijkl"))
    plan, _ = plan_folds(rng.integers(0, 3, 80), units, NAMES, 3, seed)
    assert set(plan.tolist()) == {0, 1, 2}
    for group in np.unique(groups):
        assert len(set(plan[groups == group].tolist())) == 1


def test_rare_categories_are_merged_and_said() -> None:
    labels = np.array([0] * 40 + [1] * 3 + [2] * 2)
    plan, notes = plan_folds(labels, each_its_own(45), NAMES, 5, 0)
    assert len(notes) == 1
    assert "2 categories with fewer than 5 annotations" in notes[0]
    assert "(b, c)" in notes[0]
    assert sorted(plan[40:].tolist()) == [0, 1, 2, 3, 4]


def test_more_folds_than_units_are_refused() -> None:
    units = Units(np.repeat([0, 1, 2], 3), "site", ("x", "y", "z"))
    with pytest.raises(InputError, match="5 folds for 3 sites by site: expected from 2 folds"):
        plan_folds(np.zeros(9, int), units, NAMES, 5, 0)


def test_probabilities_are_those_of_models_that_did_not_see_the_fold() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 90)
    features = (rng.normal(0, 1, (90, 5)) + labels[:, None]).astype(np.float32)
    folds = np.arange(90) % 3
    probs = cross_validate(features, labels, folds, 4, inverse_penalty=0.1, workers=1)[0]
    for fold in range(3):
        train, test = folds != fold, folds == fold
        scaler = StandardScaler().fit(features[train])
        head = LogisticRegression(C=0.1, max_iter=300)
        head.fit(scaler.transform(features[train]), labels[train])
        expected = head.predict_proba(scaler.transform(features[test]))
        np.testing.assert_allclose(probs[test, :3], expected, atol=1e-4)
    assert (probs[:, 3] == 0).all()


def test_workers_and_dropout_do_not_change_what_is_the_same() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 60)
    features = (rng.normal(0, 1, (60, 4)) + labels[:, None]).astype(np.float32)
    folds = np.arange(60) % 2
    one = cross_validate(features, labels, folds, 2, passes=3, workers=1)
    two = cross_validate(features, labels, folds, 2, passes=3, workers=2)
    np.testing.assert_array_equal(one, two)
    assert one.shape == (4, 60, 2)
    assert not np.array_equal(one[1], one[2])


def test_a_fold_of_one_category_predicts_it() -> None:
    probs = cross_validate(
        np.ones((4, 2), np.float32), np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]), 2, workers=1
    )[0]
    assert probs.tolist() == [[0, 1], [0, 1], [1, 0], [1, 0]]
