"""Pictures unlike those of a training: distances as scikit-learn has them, and the refusal."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from benchmark_n.errors import InputError
from benchmark_n.evidence.domain import (
    FEATURES,
    MOST_ROWS,
    NEIGHBOUR,
    describe_crops,
    fit_domain,
    in_domain,
    refuse_strangers,
    strangers_note,
)
from tests.detectors.samples import evidence


def test_the_limit_and_the_distances_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    known = rng.normal(3, [1, 5, 0.1], (300, 3)).astype(np.float32)
    asked = rng.normal(3, [2, 10, 0.2], (200, 3)).astype(np.float32)
    domain = fit_domain(known)
    scaled = (known - known.mean(0)) / known.std(0)
    neighbours = NearestNeighbors(n_neighbors=NEIGHBOUR).fit(scaled)
    apart = neighbours.kneighbors()[0][:, -1]  # of the others
    assert domain.limit == pytest.approx(np.quantile(apart, 0.99), rel=1e-4)
    far = neighbours.kneighbors((asked - known.mean(0)) / known.std(0))[0][:, -1]
    sure = np.abs(far - domain.limit) > 1e-3
    found = in_domain(domain, asked)
    assert 0.2 < found.mean() < 0.9
    assert (found == (far <= domain.limit))[sure].all()


def test_no_more_rows_are_kept_than_wanted() -> None:
    rows = np.random.default_rng(0).normal(size=(MOST_ROWS + 500, 2)).astype(np.float32)
    assert fit_domain(rows).rows.shape == (MOST_ROWS, 2)


def test_a_flat_crop_in_closed_form() -> None:
    colour = np.array([[[30, 120, 200]]], np.uint8)
    found = describe_crops(np.broadcast_to(colour, (1, 20, 20, 3)).copy())
    lab = np.asarray(cv2.cvtColor(colour.astype(np.float32) / 255, cv2.COLOR_RGB2Lab))[0, 0]
    steps = [0] * 6
    expected = [*lab, 0, 0, 0, *[lab[0]] * 3, *steps, 1]
    assert found.shape == (1, FEATURES)
    assert found[0] == pytest.approx(expected, abs=5e-3)


def test_most_strangers_are_refused_unless_allowed() -> None:
    given = evidence([0, 1, 2, 0])
    half = replace(given, in_domain=np.array([True, False, True, False]))
    refuse_strangers(half, allowed=False)
    refuse_strangers(given, allowed=False)  # not known
    most = replace(given, in_domain=np.array([True, False, False, False]))
    with pytest.raises(InputError, match=r"of 3 of 4 annotations .* `out_of_domain=True`"):
        refuse_strangers(most, allowed=False)
    refuse_strangers(most, allowed=True)


def test_a_note_where_more_are_strangers_than_by_chance() -> None:
    known = np.ones(200, bool)
    known[:4] = False
    assert strangers_note(known) == []
    known[:5] = False
    assert "of 5 of 200 annotations" in strangers_note(known)[0]
