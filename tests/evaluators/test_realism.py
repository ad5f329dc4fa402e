"""Realism: offsets and lengths by closed forms, the test's level on equal sets, and its power."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from benchmark_n.evaluators.realism.moments import MOMENTS, centre_of, measure_pairs, moments
from benchmark_n.evaluators.realism.offsets import (
    PAIR_FEATURES,
    correlation_length,
    measure_offsets,
    pair_features,
)
from benchmark_n.evaluators.realism.outlines import MASK_FEATURES, mask_features
from benchmark_n.evaluators.realism.pairs import is_held_out
from benchmark_n.evaluators.realism.two_samples import Protocol, tell_apart
from benchmark_n.masks import CropMask, mask_iou


def disc(radius: float, x: float = 99.5, y: float = 99.5) -> CropMask:
    rows, columns = np.indices((200, 200))
    return CropMask.from_full(np.hypot(rows - y, columns - x) <= radius)


@pytest.mark.parametrize("wider", [-4.0, -1.0, 2.0, 5.0])
def test_offsets_of_concentric_discs(wider: float) -> None:
    found = measure_offsets(disc(40), disc(40 + wider))
    assert found is not None
    assert abs(found.mean - wider) < 0.25
    assert found.sd < 0.5
    assert np.hypot(*found.shift) < 1e-9


def test_offsets_of_a_moved_disc() -> None:
    """A shift by (dx, dy) is dx cos + dy sin along the outline: no mean, sd of shift / sqrt 2."""
    found = measure_offsets(disc(40), disc(40, 102.5, 95.5))
    assert found is not None
    assert found.shift == pytest.approx((3, -4))
    assert found.translation == pytest.approx((3, -4), abs=0.3)
    assert found.sd == pytest.approx(5 / math.sqrt(2), abs=0.25)
    assert found.shift_share > 0.95


def test_correlation_length_of_a_cosine() -> None:
    """cos has the correlation cos: below 1/e at acos(1/e) / 2 pi of its wave."""
    for wave in (30, 60, 120):
        values = 2 * np.cos(2 * math.pi * np.arange(240) / wave)
        assert correlation_length(values) == pytest.approx(
            math.acos(1 / math.e) * wave / 2 / math.pi, abs=0.1
        )
    assert math.isnan(correlation_length(np.zeros(240)))
    assert math.isnan(correlation_length(np.arange(20.0)))


def test_features_have_their_names() -> None:
    clean, noisy = disc(40), disc(44, 101.5)
    pair = dict(zip(PAIR_FEATURES, pair_features(clean, noisy), strict=True))
    assert pair["iou"] == mask_iou(clean, noisy)
    assert pair["log_area_ratio"] == pytest.approx(2 * math.log(44 / 40), abs=0.01)
    assert pair["size"] == pytest.approx(40 * math.sqrt(math.pi), rel=0.01)
    mask = dict(zip(MASK_FEATURES, mask_features(clean), strict=True))
    assert (mask["parts"], mask["holes"], mask["area"]) == (1, 0, clean.area)
    tiny = pair_features(disc(0.8), disc(0.8))
    assert len(tiny) == len(PAIR_FEATURES)
    assert math.isnan(tiny[PAIR_FEATURES.index("sd")])


def test_moments_of_discs_drawn_too_wide() -> None:
    """An offset in proportion to the radius is all there is: mean and spread by its quartiles."""
    rng = np.random.default_rng(1)
    radii, offsets = rng.uniform(8, 60, 300), rng.normal(2, 1.5, 300)
    clean = [disc(r) for r in radii]
    rows = measure_pairs(clean, [disc(max(r + o, 3)) for r, o in zip(radii, offsets, strict=True)])
    found = dict(zip(MOMENTS, moments(rows, centre_of(rows)), strict=True))
    assert abs(found["growth"]) < 0.2
    assert found["offset_mean"] == pytest.approx(2, abs=0.4)
    assert math.exp(found["offset_sd"]) == pytest.approx(1.5, abs=0.3)


def _null(seed: int, shift: float = 0.0, images: int = 60) -> tuple[float, bool]:
    rng = np.random.default_rng(seed)
    effect = rng.normal(size=(images, 1, 3))  # objects of one image are alike
    rows = effect + rng.normal(size=(2, images, 5, 3))[0], effect + rng.normal(size=(images, 5, 3))
    first, second = (each.reshape(-1, 3) for each in rows)
    units = np.repeat(np.arange(images), 5)
    apart = tell_apart(
        first,
        second + np.array([shift, 0, 0]),
        (units, units),
        "abc",
        Protocol(seeds=(0,), replicates=100),
    )
    assert apart is not None
    assert apart.interval is not None
    return apart.auroc, apart.interval[0] > 0.5


def test_equal_sets_are_not_told_apart() -> None:
    """The stronger of two classifiers is above .5 by chance, but little, and hardly ever surely."""
    found = [_null(seed) for seed in range(12)]
    assert 0.46 < np.mean([auroc for auroc, _ in found]) < 0.55
    assert sum(sure for _, sure in found) <= 3


def test_different_sets_are_told_apart() -> None:
    """Normals of variance 2 and 1.5 apart, AUROC Phi(1.5 / 2) = .77 at the most, by one feature."""
    auroc, sure = _null(1, shift=1.5)
    assert sure
    assert 0.66 < auroc < 0.9


def test_auroc_is_that_of_another_library() -> None:
    rng = np.random.default_rng(3)
    first, second = rng.normal(size=(150, 2)), rng.normal(size=(150, 2)) + 1
    units = np.arange(150)
    protocol = Protocol(seeds=(0,), replicates=0)
    found = tell_apart(first, second, (units, units), "ab", protocol)
    assert found is not None
    from benchmark_n.evaluators.realism import two_samples

    target = np.r_[np.ones(150, bool), np.zeros(150, bool)]
    scores, _ = two_samples._out_of_fold(
        found.classifier, np.r_[first, second], target, np.r_[units, units], protocol
    )
    assert found.auroc == pytest.approx(roc_auc_score(target, scores))


def test_too_few_images_are_not_judged() -> None:
    rows = np.zeros((8, 1))
    units = np.repeat(np.arange(4), 2)
    assert tell_apart(rows, rows, (units, units), "a") is None
    assert tell_apart(rows, rows[:0], (units, units[:0]), "a") is None


def test_halves_go_by_name_and_are_even() -> None:
    held = [is_held_out(f"{number:012d}.jpg") for number in range(4000)]
    assert abs(np.mean(held) - 0.5) < 4.5 * 0.5 / math.sqrt(4000)


def test_the_protocol_is_named() -> None:
    """Whoever changes folds, seeds or classifiers gets another name for the figures."""
    assert Protocol().digest == "ed30dec55325"
    assert Protocol(folds=4).digest != Protocol().digest
