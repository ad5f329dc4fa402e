"""Probabilities by planted errors, against densities that are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from benchmark_n.detectors.common.planted_errors import (
    MOST,
    error_probabilities,
    error_share,
    image_folds,
)
from tests.detectors.samples import evidence


def _drawn(share: float, count: int = 4000, gap: float = 4.0) -> tuple[np.ndarray, ...]:
    """Judged values with a share of errors, which lie `gap` higher, planted ones, and truth."""
    rng = np.random.default_rng(3)
    wrong = rng.random(count) < share
    judged = rng.normal(gap * wrong, 1)
    planted = rng.normal(gap, 1, count)
    return judged[:, None], planted[:, None], wrong


@pytest.mark.parametrize("share", [0.03, 0.2])
def test_probabilities_are_those_of_the_two_normal_densities(share: float) -> None:
    judged, planted, wrong = _drawn(share)
    folds = np.arange(len(judged)) % 5
    found = error_probabilities(judged, planted, folds, folds)
    assert found.share == pytest.approx(share, abs=0.25 * share + 0.01)
    ours, rest = share * stats.norm.pdf(judged[:, 0], 4), stats.norm.pdf(judged[:, 0])
    exact = ours / (ours + (1 - share) * rest)
    assert np.abs(found.values - exact).mean() < 0.02
    assert found.values.sum() == pytest.approx(wrong.sum(), rel=0.3)


def test_the_share_is_a_bound_from_above() -> None:
    """What is not told from errors counts as one: the share never comes out far too small."""
    for gap in (1.5, 2.5, 4.0):
        judged, planted, _ = _drawn(0.1, gap=gap)
        # The smallest region holds some sixty errors: three standard deviations of their number.
        assert error_share(judged[:, 0], planted[:, 0]) > 0.1 * (1 - 3 / 60**0.5)


def test_features_that_tell_nothing_name_nobody() -> None:
    judged, planted, _ = _drawn(0.1, gap=0.0)
    folds = np.arange(len(judged)) % 5
    assert error_share(judged[:, 0], planted[:, 0]) > MOST
    found = error_probabilities(judged, planted, folds, folds)
    assert found.share is None
    assert not found.values.any()


def test_nobody_is_judged_by_what_was_learnt_on_itself() -> None:
    """A feature that numbers the items tells a tree all of those it was fitted on, and no more."""
    rng = np.random.default_rng(0)
    judged, planted = rng.random((400, 1)), rng.random((400, 1))
    folds = rng.integers(0, 5, 400)
    found = error_probabilities(judged, planted, folds, folds)
    assert found.share is None


def test_few_items_name_nobody() -> None:
    found = error_probabilities(np.zeros((9, 1)), np.ones((90, 1)), np.arange(9), np.arange(90))
    assert found.share is None
    assert found.values.tolist() == [0.0] * 9


def test_an_image_lies_in_the_fold_of_its_annotations() -> None:
    folds = np.array([3, 1, 0])
    made = evidence([0, 1, 0], folds=folds)
    assert image_folds(made, np.array([2, 1, 3])).tolist() == [1, 3, 0]
    drawn = image_folds(evidence([0, 1, 0]), np.arange(1000))
    assert np.bincount(drawn, minlength=5).min() > 150
    assert drawn.tolist() == image_folds(evidence([1]), np.arange(1000)).tolist()
