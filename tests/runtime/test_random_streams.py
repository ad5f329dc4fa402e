"""Draws are pure functions of (seed, id, name), uniform and independent."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchmark_n.runtime.random_streams import Stream, hashes, uniforms

COUNT = 200_000
IDS = np.arange(COUNT, dtype=np.int64)
# Largest deviation of the empirical distribution function: P(> 1.95 / sqrt(n)) is 0.001.
KS_BOUND = 1.95 / np.sqrt(COUNT)
KNOWN_UNIFORMS = [0.37065577657365567, 0.7976045716538713, 0.3930741754410274]
KNOWN_NORMAL = 1.95799534181441


@given(st.integers(-(2**63), 2**63 - 1), st.integers(0, 2**64))
def test_column_and_single_draws_agree(identity: int, seed: int) -> None:
    column = hashes(seed, "noise.label", np.array([identity], np.int64))
    assert int(column[0]) == Stream(seed, "noise", identity).hash("label")


def test_known_values() -> None:
    """The draws of version 1: a change here changes every published benchmark."""
    assert uniforms(1, "scale.apply", np.array([1, 2, 10**12])).tolist() == KNOWN_UNIFORMS
    assert Stream(1, "approximation", 7).normal("tolerance") == KNOWN_NORMAL


@pytest.mark.parametrize("spacing", [1, 2**20, 1_000_003])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_uniform(seed: int, spacing: int) -> None:
    draws = uniforms(seed, "scale.apply", IDS * spacing)
    assert stats.kstest(draws, "uniform").statistic < KS_BOUND
    assert 0 <= draws.min() <= draws.max() < 1


def test_names_seeds_and_neighbours_are_independent() -> None:
    base = uniforms(1, "a", IDS)
    bound = 4.5 / np.sqrt(COUNT)
    others = [uniforms(1, "b", IDS), uniforms(2, "a", IDS), np.roll(base, 1), np.roll(base, 2)]
    for other in others:
        assert abs(np.corrcoef(base, other)[0, 1]) < bound


def test_normal() -> None:
    draws = np.array([Stream(3, "approximation", i).normal("tolerance") for i in range(20_000)])
    assert stats.kstest(draws, "norm").statistic < 1.95 / np.sqrt(20_000)
