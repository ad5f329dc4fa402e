"""DynaCor's formulas written out, and its clusters on series drawn for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from benchmark_n.detectors import build_detector, run_detector
from benchmark_n.detectors.dynacor import (
    assignments,
    clustering_loss,
    sharpened,
    told_apart,
)
from tests.detectors.samples import column, evidence

torch = pytest.importorskip("torch", reason="torch is not installed")


def unit(*angles: float) -> Any:
    """Unit vectors at angles (degrees)."""
    radians = np.radians(angles)
    return torch.tensor(np.stack([np.cos(radians), np.sin(radians)], axis=1))


def test_assignments_go_by_one_less_the_cosine() -> None:
    found = assignments(unit(0, 60, 90), unit(0, 90)).numpy()
    for row, angle in zip(found, (0, 60, 90), strict=True):
        near = [1 / (2 - np.cos(np.radians(angle - other))) for other in (0, 90)]
        assert row == pytest.approx(np.array(near) / sum(near))


def test_targets_are_those_of_deep_embedded_clustering() -> None:
    """Xie, Girshick, Farhadi (2016), equation 3."""
    soft = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])
    squares = soft**2 / soft.sum(axis=0)
    expected = squares / squares.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(sharpened(torch.tensor(soft)).numpy(), expected)


def test_the_loss_is_the_divergence_and_half_of_how_unlike_copies_and_originals_are() -> None:
    embedded, centres = unit(0, 20, 80, 100), unit(0, 90)
    of_copy = torch.tensor([True, False, True, False])
    soft = assignments(embedded, centres).numpy()
    target = sharpened(torch.tensor(soft)).numpy()
    divergence = (target * np.log(target / soft)).sum(axis=1).mean()
    unlike = 1 - np.cos(np.radians(20))  # of either cluster: 0 and 20, 80 and 100
    found = float(clustering_loss(embedded, centres, of_copy))
    assert found == pytest.approx(divergence + 0.5 * unlike)
    none = torch.zeros(4, dtype=torch.bool)
    assert float(clustering_loss(embedded, centres, none)) == pytest.approx(divergence)


def test_a_round_that_calls_no_copy_noisy_tells_nothing_apart() -> None:
    assert told_apart(np.array([0.4]), np.array([0.1])) == 0
    assert told_apart(np.array([0.9]), np.array([0.6])) == 0


def test_series_like_those_of_the_copies_are_noisy() -> None:
    """Right labels rise at once, wrong ones late; a tenth is copied with a wrong label."""
    rng = np.random.default_rng(0)
    wrong = rng.random(300) < 0.2
    late = np.linspace(-3, 1, 20)
    early = np.linspace(0, 5, 20)
    series = np.where(wrong, late[:, None], early[:, None]) + rng.normal(0, 0.7, (20, 300))
    copies = np.full((20, 300), np.nan, np.float32)
    copies[:, ::10] = late[:, None] + rng.normal(0, 0.7, (20, 30))
    series = series.astype(np.float32)
    made = evidence([0] * 300, dynamics=series, copy_dynamics=copies)
    found = run_detector(build_detector("dynacor"), made)
    assert metrics.roc_auc_score(wrong, column(found, "class", "score")) > 0.95
    assert metrics.f1_score(wrong, column(found, "class", "flagged")) > 0.9
    some = evidence([0] * 40, dynamics=series[:, :40], copy_dynamics=copies[:, :40])
    first, second = (run_detector(build_detector("dynacor"), some) for _ in range(2))
    assert first.equals(second)
