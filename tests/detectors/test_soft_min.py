"""The soft minimum of pixels against cleanlab's, and the pixels that it is taken over."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark_n.detectors import build_detector, run_detector
from benchmark_n.detectors.soft_min import soft_minima
from tests.detectors.samples import column, evidence


def test_the_score_is_that_of_cleanlab() -> None:
    from cleanlab.segmentation.rank import get_label_quality_scores

    rng = np.random.default_rng(0)
    probs = rng.dirichlet(np.ones(2), (6, 8, 8)).transpose(0, 3, 1, 2)
    labels = rng.integers(0, 2, (6, 8, 8))
    quality, pixels = get_label_quality_scores(labels, probs, verbose=False)
    made = evidence([0] * 6, pixel_support=pixels.astype(np.float32))
    table = run_detector(build_detector("soft_min"), made)
    np.testing.assert_allclose(column(table, "spatial", "score"), 1 - quality, atol=1e-6)


def test_pixels_that_do_not_count_are_left_out_and_none_says_nothing() -> None:
    probs = np.array([[[0.2, 0.9]], [[0.2, np.nan]], [[np.nan, np.nan]]])
    found = soft_minima(probs, 0.1)
    weights = np.exp([0, -7])
    assert found == pytest.approx([(weights @ [0.2, 0.9]) / weights.sum(), 0.2, 1])


def test_high_temperatures_come_to_the_mean_and_low_ones_to_the_minimum() -> None:
    probs = np.random.default_rng(0).random((5, 4, 4))
    np.testing.assert_allclose(soft_minima(probs, 1e6), probs.mean((1, 2)), atol=1e-5)
    np.testing.assert_allclose(soft_minima(probs, 1e-5), probs.min((1, 2)), atol=1e-4)


def test_support_is_of_the_mask_and_its_ring() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    from benchmark_n.evidence.losses.small_network import supported

    shapes = torch.zeros(1, 1, 9, 9)
    shapes[0, 0, 4, 4] = 1
    drawn = torch.full((1, 1, 9, 9), 0.7)
    found = supported(drawn, shapes)[0].numpy()
    assert found[4, 4] == pytest.approx(0.7)
    ring = np.isfinite(found)
    assert ring[2:7, 2:7].all()
    assert ring.sum() == 25
    assert np.nansum(found) == pytest.approx(0.7 + 24 * 0.3)
