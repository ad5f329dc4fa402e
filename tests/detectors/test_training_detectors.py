"""USDNL, BUNDL and sample weights on evidence written out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark_n.detectors import build_detector, run_detector
from benchmark_n.errors import InputError
from tests.detectors.samples import column, evidence


def test_usdnl_is_the_share_of_epochs_that_left_it_out() -> None:
    dropped = np.array([[1, 0, 1], [1, 0, 0], [1, 0, 1], [1, 0, 0]], bool)
    table = run_detector(build_detector("usdnl"), evidence([0, 1, 2], dropped=dropped))
    assert column(table, "class", "score") == pytest.approx([1, 0, 0.5])
    assert column(table, "class", "flagged").tolist() == [True, False, False]


def test_bundl_is_one_less_the_posterior_of_the_given_label() -> None:
    """All passes are even: the posterior is even, and names no other category as likelier."""
    passes = np.full((10, 2, 3), 1 / 3, np.float32)
    passes[:, 1] = (0.98, 0.01, 0.01)
    table = run_detector(build_detector("bundl"), evidence([0, 1], posterior_passes=passes))
    p = np.array([0.98, 0.01, 0.01])
    unsure = -(p * np.log(p)).sum() / np.log(3)
    expected = 1 - (unsure * 0.01 + (1 - unsure) * 0.999)
    assert column(table, "class", "score") == pytest.approx([2 / 3, expected], abs=1e-5)
    assert column(table, "class", "flagged").tolist() == [False, False]


def test_bundl_flags_what_unsure_passes_contradict() -> None:
    passes = np.zeros((2, 1, 2), np.float32)
    passes[0, 0], passes[1, 0] = (0.7, 0.3), (0.8, 0.2)
    table = run_detector(
        build_detector("bundl"), evidence([1], num_categories=2, posterior_passes=passes)
    )
    assert column(table, "class", "flagged").tolist() == [True]
    assert column(table, "class", "suggested_category").tolist() == [10]


def test_sample_weights_flag_what_ends_below_its_start() -> None:
    weights = np.array([1, 0.5, 0.49, 0], np.float32)
    table = run_detector(
        build_detector("sample_weights"), evidence([0, 1, 2, 0], sample_weights=weights)
    )
    assert column(table, "class", "score") == pytest.approx([0, 0.5, 0.51, 1])
    assert column(table, "class", "flagged").tolist() == [False, False, True, True]


@pytest.mark.parametrize("name", ["usdnl", "dynacor", "bundl", "sample_weights"])
def test_without_a_training_they_say_what_makes_it(name: str) -> None:
    with pytest.raises(InputError, match=r"`evidence=\['trainings'\]`"):
        run_detector(build_detector(name), evidence([0, 1]))
