"""Detectors of class errors, against cleanlab, scikit-learn and definitions written out."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from benchmark_n.detectors import build_detector, run_detector
from benchmark_n.detectors.common.thresholds import confident_other, self_confidence
from benchmark_n.detectors.entropy import normalised_entropy
from tests.detectors.samples import column, evidence, noisy_problem, rows_of

FINDERS = ("cleanlab", "disagreement", "margin", "mc_dropout")


@pytest.mark.parametrize("name", FINDERS)
def test_finds_wrong_labels_where_probabilities_are_good(name: str) -> None:
    made, wrong = noisy_problem()
    table = run_detector(build_detector(name), made)
    assert metrics.roc_auc_score(wrong, column(table, "class", "score")) > 0.95
    assert metrics.f1_score(wrong, column(table, "class", "flagged")) > 0.75


@pytest.mark.parametrize("name", ["entropy", "random", *FINDERS])
def test_same_evidence_same_scores(name: str) -> None:
    made, _ = noisy_problem()
    first, second = (run_detector(build_detector(name), made) for _ in range(2))
    assert first.equals(second)


def test_cleanlab_flags_what_the_library_flags() -> None:
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    made, _ = noisy_problem()
    table = run_detector(build_detector("cleanlab"), made)
    issues = find_label_issues(made.labels, made.pred_probs, filter_by="both")
    quality = get_label_quality_scores(made.labels, made.pred_probs, method="self_confidence")
    assert column(table, "class", "flagged").tolist() == issues.tolist()
    np.testing.assert_allclose(column(table, "class", "score"), 1 - quality, atol=1e-6)


def test_cleanlab_copes_with_categories_that_do_not_occur() -> None:
    made, wrong = noisy_problem()
    assert made.pred_probs is not None
    wide = np.insert(made.pred_probs, 1, 0.0, axis=1)
    labels = np.where(made.labels > 0, made.labels + 1, 0)
    table = run_detector(
        build_detector("cleanlab"), evidence(labels, num_categories=4, pred_probs=wide)
    )
    flagged = column(table, "class", "flagged")
    assert metrics.f1_score(wrong, flagged) > 0.75
    suggested = {row["suggested_category"] for row in rows_of(table, "class")} - {None}
    assert suggested == {10, 30, 40}


def test_cleanlab_of_a_single_category_says_nothing() -> None:
    made = evidence([0, 0], num_categories=1, pred_probs=np.ones((2, 1), np.float32))
    table = run_detector(build_detector("cleanlab"), made)
    assert column(table, "class", "score").tolist() == [0, 0]


def test_suggestions_are_category_ids_and_never_the_given_one() -> None:
    probs = np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]], np.float32)
    table = run_detector(build_detector("disagreement"), evidence([1, 1], pred_probs=probs))
    assert column(table, "class", "suggested_category").tolist() == [10, None]
    assert column(table, "class", "score") == pytest.approx([0.9, 0.2])


def test_self_confidence_is_the_mean_of_the_given_probabilities() -> None:
    probs = np.array([[0.9, 0.1], [0.5, 0.5], [0.3, 0.7]])
    assert self_confidence(probs, np.array([0, 0, 1])) == pytest.approx([0.7, 0.7])
    flags, likeliest = confident_other(probs, np.array([1, 1, 1]), per_class=False)
    assert flags.tolist() == [True, True, False]
    assert likeliest.tolist() == [0, 0, 1]


def test_thresholds_of_rare_categories_are_their_own() -> None:
    """A model that is unsure of a rare category says so with low probabilities."""
    probs = np.array([[0.6, 0.4]] * 50 + [[0.55, 0.45]] * 2)
    labels = np.array([0] * 50 + [1] * 2)
    assert confident_other(probs, labels, per_class=False)[0].sum() == 2
    assert confident_other(probs, labels, per_class=True)[0].sum() == 0


def test_entropy_is_that_of_scipy() -> None:
    from scipy.stats import entropy

    probs = np.random.default_rng(0).dirichlet(np.ones(5), 20)
    np.testing.assert_allclose(normalised_entropy(probs), entropy(probs, axis=1) / np.log(5))


def test_margin_is_the_difference_to_the_likeliest_other() -> None:
    probs = np.array([[0.2, 0.7, 0.1], [0.1, 0.1, 0.8], [0.8, 0.1, 0.1]], np.float32)
    detector = build_detector("margin", {"per_class": False})
    table = run_detector(detector, evidence([0, 1, 2], pred_probs=probs))
    assert column(table, "class", "score") == pytest.approx([0.75, 0.85, 0.85])


def test_random_is_uniform_and_a_function_of_seed_and_id() -> None:
    made = evidence([0] * 4000)
    table = run_detector(build_detector("random"), made)
    scores = column(table, "class", "score")
    counts = np.histogram(scores, 10, (0, 1))[0]
    assert ((counts - 400) ** 2 / 400).sum() < 27.9  # chi square, 9 degrees, p = .001
    assert column(table, "class", "flagged").mean() == pytest.approx(0.2, abs=0.03)
    other = run_detector(build_detector("random", {"seed": 1}), made)
    assert abs(np.corrcoef(scores, column(other, "class", "score"))[0, 1]) < 0.06
    few = run_detector(build_detector("random"), evidence([0] * 10))
    assert column(few, "class", "score").tolist() == scores[:10].tolist()
