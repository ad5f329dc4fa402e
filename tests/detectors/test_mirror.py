"""MIRROR's three formulas against cases worked out by hand."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmark_n.detectors import build_detector, run_detector
from benchmark_n.detectors.common.agreement_thresholds import (
    LEAST,
    Rule,
    agreement_threshold,
    even_odds,
    otsu,
)
from benchmark_n.detectors.mirror import agreement, disagreement, saliency_agreement
from benchmark_n.errors import InputError
from tests.detectors.samples import column, evidence

# Two models, three annotations, three categories.
PROBS = np.array(
    [
        [[0.7, 0.2, 0.1], [0.6, 0.3, 0.1], [0.4, 0.3, 0.3]],
        [[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.3, 0.45, 0.25]],
    ],
    np.float32,
)
# Of each model and annotation a map of 2x2.
MAPS = np.array(
    [
        [[[1, 0], [0.5, 0]], [[1, 1], [0, 0]], [[0, 0], [0, 0]]],
        [[[0.5, 0], [0.5, 1]], [[1, 1], [0, 0]], [[1, 0], [0, 0]]],
    ],
    np.float16,
)


def fitted(labels: list[int], **options: float) -> Any:
    """Scores of the sample."""
    made = evidence(labels, model_probs=PROBS, saliency=MAPS)
    return run_detector(build_detector("mirror", options), made)


def test_d_is_unanimity_against_the_given_category() -> None:
    found = disagreement(PROBS, np.array([1, 2, 2]))
    # The first two say category 0; of the second they say 0 and 1, of the third 0 and 1.
    assert found.unanimous.tolist() == found.differs.tolist() == [True, False, False]
    assert found.categories.tolist() == [0, -1, -1]
    assert not disagreement(PROBS, np.array([0, 2, 2])).differs.any()
    assert agreement(PROBS, np.array([0, 0, 1])).tolist() == [True, False, False]


def test_d_is_low_confidence_of_all_models_too() -> None:
    # Largest probabilities: .7 and .8, .6 and .7, .4 and .45.
    steps = [disagreement(PROBS, np.array([1, 0, 0]), t) for t in (0, 0.45, 0.5, 0.75)]
    assert [found.unsure.tolist() for found in steps] == [
        [False, False, False],
        [False, False, False],  # .45 is not below .45
        [False, False, True],
        [False, True, True],
    ]
    assert [found.differs.tolist() for found in steps[1:3]] == [
        [True, False, False],
        [True, False, True],
    ]


def test_alpha_is_what_the_maps_share() -> None:
    # Minima .5 + 0 + .5 + 0, maxima 1 + 0 + .5 + 1.
    alpha = saliency_agreement(MAPS)
    assert alpha[0] == pytest.approx(1 / 2.5)
    assert alpha[1] == pytest.approx(1)
    assert np.isnan(alpha[2])


def test_s_is_the_score_and_the_columns_are_told_apart() -> None:
    table = fitted([1, 2, 2], tau=0.4 - 1e-6, tau_star=0.5)
    assert column(table, "class", "d_unanimous").tolist() == [True, False, False]
    assert column(table, "class", "d_unsure").tolist() == [False, False, True]
    assert column(table, "class", "d").tolist() == [True, False, True]
    assert column(table, "class", "s")[:2].tolist() == pytest.approx([0.4, 0])
    assert column(table, "class", "score") == pytest.approx([0.4, 0, 0])
    assert column(table, "class", "suggested_category").tolist() == [10, None, None]
    assert column(table, "class", "flagged").tolist() == [True, False, False]


def test_tau_asks_for_agreement() -> None:
    # At the least alpha of .4 less rounding the first is flagged, above it is not.
    assert column(fitted([1, 2, 2], tau=0.39), "class", "flagged").tolist() == [True, False, False]
    assert not column(fitted([1, 2, 2], tau=0.41), "class", "flagged").any()
    with pytest.raises(InputError, match="tau"):
        build_detector("mirror", {"tau": 0})


@pytest.mark.parametrize("rule", ["quantile", "otsu", "mixture"])
def test_disjoint_maps_are_never_flagged(rule: Rule) -> None:
    """Both models say 0 where 1 is given; one looks above, the other below."""
    maps = np.zeros((2, 3, 2, 2), np.float16)
    maps[0, :, 0], maps[1, :, 1] = 1, 1
    maps[:, 1] = 1
    probs = np.tile(np.array([0.9, 0.1, 0.0], np.float32), (2, 3, 1))
    made = evidence([1, 1, 0], model_probs=probs, saliency=maps)
    table = run_detector(build_detector("mirror", {"rule": rule}), made)
    assert column(table, "class", "d").tolist() == [True, True, False]
    assert column(table, "class", "alpha").tolist() == pytest.approx([0, 1, 0])
    assert column(table, "class", "flagged").tolist() == [False, True, False]


def test_no_spatial_evidence_is_counted_and_nothing_shared() -> None:
    made = evidence([1, 2, 2], model_probs=PROBS, saliency=MAPS)
    detector = build_detector("mirror", {"tau_star": 0.5})
    table = run_detector(detector, made)
    assert column(table, "class", "alpha").tolist()[2] is None
    assert column(table, "class", "s").tolist()[2] is None
    assert column(table, "class", "score")[2] == 0
    assert not column(table, "class", "flagged")[2]
    details: Any = getattr(detector, "details_", None)
    assert details["no_spatial_evidence"] == details["no_spatial_evidence_within_d"] == 1
    assert details["d_by_low_confidence_alone"] == 1


def test_tau_is_a_quantile_of_what_agreeing_models_share() -> None:
    """Of labels that all models name, whose alphas are 0, .01, …, 1, a hundredth lies below .01."""
    shared = np.linspace(0, 1, 101)
    maps = np.zeros((2, 102, 1, 2), np.float32)
    maps[0, :, 0, 0] = 1
    maps[1, :101, 0, 0] = shared
    maps[1, 0, 0, 1] = 1e-3  # a map of zeros would say nothing
    probs = np.tile(np.array([0.9, 0.1, 0.0], np.float32), (2, 102, 1))
    for last, flagged in ((0.009, False), (0.011, True)):
        maps[1, 101, 0, 0] = last
        made = evidence([0] * 101 + [1], model_probs=probs, saliency=maps)
        detector = build_detector("mirror")
        table = run_detector(detector, made)
        details: Any = getattr(detector, "details_", None)
        assert details["tau"] == pytest.approx(np.quantile(shared, 0.01), abs=1e-6)
        assert details["tau_chosen_by"] == "quantile"
        assert column(table, "class", "flagged").tolist() == [False] * 101 + [flagged]


def test_the_threshold_of_otsu_is_that_of_opencv() -> None:
    rng = np.random.default_rng(0)
    levels = np.concatenate([rng.normal(60, 15, 400), rng.normal(180, 20, 150)])
    levels = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    expected, _ = cv2.threshold(levels[:, None], 0, 255, cv2.THRESH_OTSU)
    found = otsu(levels.astype(float))
    # OpenCV's is the largest value of the lower group, ours the least of the upper.
    assert found == levels[levels > expected].min()


def test_even_odds_are_between_two_gaussians() -> None:
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(0.2, 0.05, 3000), rng.normal(0.8, 0.05, 3000)])
    assert even_odds(values) == values[3000:].min() > values[:3000].max()


def test_a_rule_with_nothing_to_read_asks_for_something_shared() -> None:
    alpha, none = np.array([np.nan, 0.5]), np.zeros(2, bool)
    for rule in ("quantile", "otsu", "mixture"):
        assert agreement_threshold(alpha, none, none, rule, 0.05) == LEAST > 0


def test_the_sweep_counts_flags() -> None:
    detector = build_detector("mirror")
    run_detector(detector, evidence([1, 2, 2], model_probs=PROBS, saliency=MAPS))
    details: Any = getattr(detector, "details_", None)
    counts = {(row["tau"], row["tau_star"]): row["flagged"] for row in details["sweep"]}
    assert counts[0.0, 0.0] == 1
    assert counts[0.5, 0.0] == 0
    assert counts[0.0, 0.5] == 2


def drawn(seed: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Probabilities (4, 30, 3), maps (4, 30, 5, 5) and labels."""
    rng = np.random.default_rng(seed)
    probs = rng.dirichlet(np.full(3, 0.2), (4, 30))
    return probs, rng.random((4, 30, 5, 5)).astype(np.float16), rng.integers(0, 3, 30)


@given(st.integers(0, 500), st.permutations(range(4)))
def test_the_order_of_the_models_does_not_matter(seed: int, order: list[int]) -> None:
    probs, maps, labels = drawn(seed)
    pair = [disagreement(some, labels, 0.4) for some in (probs, probs[order])]
    for one, other in zip(*pair, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(saliency_agreement(maps), saliency_agreement(maps[order]))


@given(st.integers(0, 500))
def test_alpha_lies_between_0_and_1_and_is_1_for_equal_maps(seed: int) -> None:
    _, maps, _ = drawn(seed)
    alpha = saliency_agreement(maps)
    assert ((alpha >= 0) & (alpha <= 1)).all()
    same = saliency_agreement(np.repeat(maps[:1], 3, axis=0))
    np.testing.assert_allclose(same, 1, atol=1e-6)


def test_without_saliency_it_says_what_makes_it() -> None:
    with pytest.raises(InputError, match=r"'mirror' needs .*saliency \(`evidence=\['saliency'\]`"):
        run_detector(build_detector("mirror"), evidence([0, 1, 2], model_probs=PROBS))
