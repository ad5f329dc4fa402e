"""Mixtures of losses against scikit-learn, scipy and samples of known distributions."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from scipy import integrate, stats
from sklearn import metrics

from benchmark_n.detectors import build_detector, run_detector
from benchmark_n.detectors.common.mixtures import fit_mixture, scale_losses
from benchmark_n.detectors.loss_separation import LossSeparation, rising
from tests.detectors.samples import column, evidence


def two_groups(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Losses of 700 right and 300 wrong annotations."""
    rng = np.random.default_rng(seed)
    wrong = np.arange(1000) >= 700
    return np.where(wrong, rng.gamma(20, 0.15, 1000), rng.gamma(2, 0.15, 1000)), wrong


@pytest.mark.parametrize("kind", ["gmm", "beta"])
def test_two_groups_are_told_apart(kind: Literal["gmm", "beta"]) -> None:
    losses, wrong = two_groups()
    fitted = fit_mixture(losses, kind)
    assert metrics.f1_score(wrong, fitted.high > 0.5) > 0.97


def test_gaussian_densities_add_to_one() -> None:
    fitted = fit_mixture(two_groups()[0], "gmm")
    area = integrate.trapezoid(fitted.low_density + fitted.high_density, fitted.x)
    assert area == pytest.approx(1, abs=0.1)


def test_beta_mixture_finds_share_and_mean_of_what_it_was_drawn_from() -> None:
    rng = np.random.default_rng(1)
    values = np.concatenate([rng.beta(2, 12, 6000), rng.beta(12, 3, 4000)])
    fitted = fit_mixture(values, "beta")
    scaled = scale_losses(values, clip=True)
    assert fitted.high.mean() == pytest.approx(0.4, abs=0.05)
    mean = (fitted.high * scaled).sum() / fitted.high.sum()
    assert mean == pytest.approx(scaled[6000:].mean(), abs=0.05)


def test_gaussian_posterior_is_that_of_its_own_densities() -> None:
    losses, _ = two_groups()
    fitted = fit_mixture(losses, "gmm")
    place = int(np.argmin(np.abs(fitted.x - 0.5)))
    share = fitted.high_density[place] / (fitted.high_density + fitted.low_density)[place]
    nearest = int(np.argmin(np.abs(scale_losses(losses) - fitted.x[place])))
    assert fitted.high[nearest] == pytest.approx(share, abs=0.05)


def test_score_does_not_fall_with_the_loss() -> None:
    loss = np.linspace(0, 1, 50)
    narrow, wide = stats.norm.pdf(loss, 0.3, 0.05), stats.norm.pdf(loss, 0.5, 0.4)
    score = rising(wide / (narrow + wide), loss)
    assert (np.diff(score) > 0).all()
    assert score[0] < 0.5
    assert score[-1] <= 1


@pytest.mark.parametrize("method", ["gmm", "beta"])
def test_nothing_is_flagged_of_a_lower_loss_than_what_is_not(
    method: Literal["gmm", "beta"],
) -> None:
    """A narrow group inside a wide one: the wide one's density is the larger on both sides."""
    rng = np.random.default_rng(0)
    losses = np.concatenate([rng.normal(0.45, 0.03, 600), rng.uniform(0, 2, 150)])
    made = evidence(np.zeros(750, int), class_losses=losses[None])
    table = run_detector(LossSeparation(method=method), made)
    flagged, score = column(table, "class", "flagged"), column(table, "class", "score")
    assert 0 < flagged.sum() < 150
    assert losses[flagged].min() > losses[~flagged].max()
    np.testing.assert_array_equal(flagged, score > 0.5)


def test_scores_rank_by_loss_and_margin_by_aum() -> None:
    losses, wrong = two_groups()
    made = evidence(
        np.zeros(1000, int),
        class_losses=np.stack([losses, losses]),
        mask_losses=np.stack([losses, losses])[:, ::-1],
        margins=-np.stack([losses, losses]),
    )
    for method in ("gmm", "beta", "aum"):
        detector = LossSeparation(method=method)
        table = run_detector(detector, made)
        assert metrics.roc_auc_score(wrong, column(table, "class", "score")) > 0.97
        assert metrics.f1_score(wrong, column(table, "class", "flagged")) > 0.95
        assert [plot.title for plot in detector.plots_] == ["class loss", "spatial loss"]
    spatial = column(table, "spatial", "score")
    assert metrics.roc_auc_score(wrong[::-1], spatial) > 0.97


def test_equal_losses_are_no_error() -> None:
    made = evidence([0] * 10, class_losses=np.ones((2, 10)))
    table = run_detector(build_detector("loss_separation"), made)
    assert np.isfinite(column(table, "class", "score")).all()
