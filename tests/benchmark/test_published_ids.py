"""Published ids: distinct, of 53 bits, and a function of the id and the key alone."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark_n.benchmark import published_ids
from benchmark_n.benchmark.published_ids import PublishedIds, added_ids
from benchmark_n.errors import InputError
from benchmark_n.runtime.keyed_permutation import permute

any_ids = st.lists(st.integers(-(2**63), 2**63 - 1), unique=True, max_size=40)
IDS = PublishedIds.of_seed(1)


def published(ids: PublishedIds, values: list[int]) -> list[int]:
    found: list[int] = ids.of(np.array(values, np.int64)).tolist()
    return found


@given(values=any_ids, added=any_ids)
def test_distinct_and_of_53_bits(values: list[int], added: list[int]) -> None:
    found = published(IDS, values) + IDS.of_added(np.array(added, np.int64)).tolist()
    assert len(set(found)) == len(values) + len(added)
    assert all(0 < identity < 2**53 for identity in found)


@given(values=any_ids, seed=st.integers(-(2**63), 2**63))
def test_each_by_itself(values: list[int], seed: int) -> None:
    """Neither order nor company matters."""
    ids = PublishedIds.of_seed(seed)
    whole = published(ids, values)
    assert published(ids, values[::-1]) == whole[::-1]
    assert [published(ids, [value])[0] for value in values] == whole


@pytest.mark.parametrize("value", [0, 1, 2**52 - 1])
def test_ids_from_0_to_2_52_are_permuted_as_they_are(value: int) -> None:
    key = hashlib.blake2b(b"benchmark-n published ids: seed 1", digest_size=16).digest()
    assert published(IDS, [value]) == permute(np.array([value + 1]), key).tolist()


def test_seeds_and_imports_have_permutations_of_their_own() -> None:
    values = list(range(100))
    kinds = [PublishedIds.of_seed(1), PublishedIds.of_seed(2), PublishedIds.of_import()]
    found = [set(published(ids, values)) for ids in kinds]
    assert len(set.union(*found)) == 300


def test_ids_that_fall_together_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PublishedIds, "_hash", lambda self, identity, within: 2**52 + 5)
    with pytest.raises(InputError, match=r"annotations -3 and 9007199254740993 fall on one number"):
        published(IDS, [7, -3, 2**53 + 1])


def test_kept_ids_are_the_sources() -> None:
    ids = PublishedIds.of_seed(1, keep=True)
    assert published(ids, [5, 0, -7, 2**60]) == [5, 0, -7, 2**60]


def test_added_annotations_go_by_image_and_place() -> None:
    found = added_ids([7, 9, 7, 7, -1, 2**62, -1])
    assert len(set(found.tolist())) == 7
    assert (found >= 0).all()
    assert added_ids([7, 7]).tolist() == found[[0, 2]].tolist()
    assert added_ids([-1, 2**62]).tolist() == found[[4, 5]].tolist()


def test_more_added_in_one_image_than_there_are_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published_ids, "_MOST_PLACES", 3)
    assert len(set(added_ids([1] * 8 + [2] * 8).tolist())) == 16
