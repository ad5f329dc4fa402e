"""Heads against scikit-learn and the formula written out; experts."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from benchmark_n.detectors.posterior.experts import Expert, grouped, support_expert
from benchmark_n.detectors.posterior.heads import (
    AT_MEAN,
    PENALTY,
    PRIOR,
    SHRINKAGE,
    gaussian,
    logistic,
    out_of_fold,
)
from benchmark_n.errors import InputError


def clouds(count: int = 400, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, count)
    return rng.normal(0, 1, (count, 5)) + 1.2 * np.eye(3, 5)[labels], labels


def test_logistic_is_scikit_learns() -> None:
    features, labels = clouds()
    model = LogisticRegression(C=1 / (PENALTY * len(labels)), max_iter=2000, tol=1e-10)
    wanted = model.fit(features, labels).predict_log_proba(features)
    np.testing.assert_allclose(logistic(features, np.eye(3)[labels], features), wanted, atol=0.02)


def test_logistic_takes_soft_targets() -> None:
    """Two thirds of one category and a third of another are as three annotations."""
    features, labels = clouds(60)
    soft = 2 / 3 * np.eye(3)[labels] + 1 / 3 * np.eye(3)[(labels + 1) % 3]
    thrice = np.tile(features, (3, 1))
    hard = np.concatenate([labels, labels, (labels + 1) % 3])
    wanted = logistic(thrice, np.eye(3)[hard], features)
    np.testing.assert_allclose(logistic(features, soft, features), wanted, atol=0.02)


def test_gaussian_is_bayes_rule_with_the_shrunk_covariance() -> None:
    from scipy.stats import multivariate_normal

    features, labels = clouds()
    counts = np.bincount(labels)
    middle = features.mean(axis=0)
    means = [
        (features[labels == c].sum(axis=0) + AT_MEAN * middle) / (counts[c] + AT_MEAN)
        for c in range(3)
    ]
    rest = features - np.array(means)[labels]
    covariance = rest.T @ rest / len(features)
    shrunk = (1 - SHRINKAGE) * covariance + SHRINKAGE * np.trace(covariance) / 5 * np.eye(5)
    joint = np.stack(
        [
            multivariate_normal.pdf(features, means[c], shrunk)
            * (counts[c] + PRIOR)
            / (counts.sum() + 3 * PRIOR)
            for c in range(3)
        ],
        axis=1,
    )
    wanted = np.log(joint / joint.sum(axis=1, keepdims=True))
    np.testing.assert_allclose(gaussian(features, np.eye(3)[labels], features), wanted, atol=1e-8)


@pytest.mark.parametrize("head", [logistic, gaussian])
def test_a_category_without_examples_is_rare_and_not_impossible(head: object) -> None:
    """A category's only annotation, held out, would else be wrong for certain."""
    features, labels = clouds()
    targets = np.eye(4)[labels]
    said = head(features, targets, features)  # type: ignore[operator]
    np.testing.assert_allclose(np.exp(said).sum(axis=1), 1)
    assert (said[:, 3] > -12).all()


def test_no_head_sees_what_it_judges() -> None:
    features, labels = clouds(90)
    folds = np.arange(90) % 3
    said = out_of_fold(features, np.eye(3)[labels], folds)
    changed = labels.copy()
    changed[folds == 1] = (changed[folds == 1] + 1) % 3
    again = out_of_fold(features, np.eye(3)[changed], folds)
    for before, after in zip(said, again, strict=True):
        np.testing.assert_array_equal(before[folds == 1], after[folds == 1])
        assert (before[folds == 0] != after[folds == 0]).any()


def test_a_group_is_its_members_together() -> None:
    logs = np.log(np.random.default_rng(0).dirichlet(np.ones(4), 10))
    made = np.exp(grouped(logs, ["a", "b", "a", ""]))
    probs = np.exp(logs)
    np.testing.assert_allclose(made[:, 0], probs[:, 0] + probs[:, 2])
    np.testing.assert_allclose(made[:, 2], made[:, 0])
    np.testing.assert_allclose(made[:, [1, 3]], probs[:, [1, 3]])


def test_experts_that_make_no_sense_are_refused() -> None:
    with pytest.raises(InputError, match="expert x: row 1 is not finite"):
        Expert("x", np.array([[0.0], [np.nan]]), np.array([True]))
    with pytest.raises(InputError, match=r"shape \(1, 2\) and 3 known"):
        support_expert("x", np.zeros((1, 2)), np.ones(3, bool))
