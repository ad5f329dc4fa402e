"""MIRROR's three formulas against cases worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmark_n.detectors import build_detector, run_detector
from benchmark_n.detectors.mirror import disagreement, saliency_agreement
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
    found, categories = disagreement(PROBS, np.array([1, 2, 2]))
    # The first two say category 0; of the second they say 0 and 1, of the third 0 and 1.
    assert found.tolist() == [True, False, False]
    assert categories.tolist() == [0, -1, -1]
    agreed, _ = disagreement(PROBS, np.array([0, 2, 2]))
    assert not agreed.any()


def test_d_is_low_confidence_of_all_models_too() -> None:
    # Largest probabilities: .7 and .8, .6 and .7, .4 and .45.
    found = [disagreement(PROBS, np.array([0, 0, 0]), t)[0].tolist() for t in (0, 0.45, 0.5, 0.75)]
    assert found == [
        [False, False, False],
        [False, False, False],  # .45 is not below .45
        [False, False, True],
        [False, True, True],
    ]


def test_alpha_is_what_the_maps_share() -> None:
    # Minima .5 + 0 + .5 + 0, maxima 1 + 0 + .5 + 1.
    alpha = saliency_agreement(MAPS)
    assert alpha[0] == pytest.approx(1 / 2.5)
    assert alpha[1] == pytest.approx(1)
    assert np.isnan(alpha[2])


def test_s_and_the_ranking() -> None:
    table = fitted([1, 2, 2])
    assert column(table, "class", "d").tolist() == [True, False, False]
    assert column(table, "class", "s")[:2].tolist() == pytest.approx([0.4, 0])
    assert column(table, "class", "score") == pytest.approx([0.7, 0, 0])
    assert column(table, "class", "suggested_category").tolist() == [10, None, None]
    assert column(table, "class", "flagged").tolist() == [True, False, False]


def test_tau_asks_for_agreement() -> None:
    # At the least alpha of .4 less rounding the first is flagged, above it is not.
    assert column(fitted([1, 2, 2], tau=0.39), "class", "flagged").tolist() == [True, False, False]
    assert not column(fitted([1, 2, 2], tau=0.41), "class", "flagged").any()


def test_no_spatial_evidence_is_counted_and_never_a_zero() -> None:
    made = evidence([1, 2, 2], model_probs=PROBS, saliency=MAPS)
    detector = build_detector("mirror", {"tau_star": 0.5})
    table = run_detector(detector, made)
    assert column(table, "class", "alpha").tolist()[2] is None
    assert column(table, "class", "s").tolist()[2] is None
    assert column(table, "class", "score")[2] == 0.5
    assert column(table, "class", "flagged")[2]
    details: Any = getattr(detector, "details_", None)
    assert details["no_spatial_evidence"] == details["no_spatial_evidence_within_d"] == 1
    assert details["d_by_low_confidence_alone"] == 1
    strict = fitted([1, 2, 2], tau_star=0.5, tau=0.1)
    assert not column(strict, "class", "flagged")[2]


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
    for one, other in zip(
        disagreement(probs, labels, 0.4), disagreement(probs[order], labels, 0.4), strict=True
    ):
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
