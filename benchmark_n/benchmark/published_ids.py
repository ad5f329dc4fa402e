"""The ids under which a benchmark publishes its annotations.

A dataset's own ids tell: some hold the class, and a hole in consecutive ones is an annotation that
was deleted. So each is replaced by its image under a keyed permutation, which depends on the id
and the key alone: no collisions, and the same whatever subset, order or recipe.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile
from benchmark_n.errors import InputError
from benchmark_n.runtime.keyed_permutation import KEY_BYTES, permute

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class _Range:
    """Numbers from `first` on: `plain` for the ids from 0 on, one each, and `hashed` for others."""

    name: str
    first: int
    plain: int
    hashed: int


# Side by side in 53 bits and not told apart once permuted: whoever knows a published id alone
# does not know whether its annotation is one of the source's.
_SOURCE = _Range("source", 1, 1 << 52, 1 << 51)
_ADDED = _Range("added", 1 + (1 << 52) + (1 << 51), 1 << 50, (1 << 50) - 1)
_MOST_PLACES = 1 << 12


@dataclass(frozen=True)
class PublishedIds:
    """Source ids to published ones.

    Parameters
    ----------
    key
        16 bytes.
    keep
        Publish the source's ids as they are.

    Examples
    --------
    >>> ids = PublishedIds.of_seed(1)
    >>> ids.of(np.array([7, 8]))
    array([1211655066085975, 8400515834986278])
    """

    key: bytes = field(repr=False)
    keep: bool = False

    @classmethod
    def of_seed(cls, seed: int, *, keep: bool = False) -> Self:
        """Those of an open benchmark: whoever knows the seed can compute them."""
        return cls._of_text(f"seed {seed}", keep)

    @classmethod
    def of_import(cls) -> Self:
        """Those of benchmarks out of a pair of files, which have no seed."""
        return cls._of_text("import", False)

    @classmethod
    def _of_text(cls, text: str, keep: bool) -> Self:
        text = f"benchmark-n published ids: {text}"
        return cls(hashlib.blake2b(text.encode(), digest_size=KEY_BYTES).digest(), keep)

    def of(self, source_ids: Ids) -> Ids:
        """Published ids of the source's annotations.

        Parameters
        ----------
        source_ids
            int64 (N,), distinct.

        Returns
        -------
        ndarray
            int64 (N,), distinct, from 1 to 2^53 - 1 unless ids are kept.

        Raises
        ------
        InputError
            Two ids below 0 or from 2^52 on that fall on one number.
        """
        return source_ids if self.keep else self._permuted(source_ids, _SOURCE)

    def of_added(self, ids: Ids) -> Ids:
        """Published ids of annotations that an annotator added, by any distinct ids of theirs.

        They are none of those that `of` gives. Raises as `of` does.
        """
        return self._permuted(ids, _ADDED)

    def _permuted(self, ids: Ids, within: _Range) -> Ids:
        numbers = ids + np.int64(within.first)
        others = np.flatnonzero((ids < 0) | (ids >= within.plain))
        taken: dict[int, int] = {}
        for place in others.tolist():
            identity = int(ids[place])
            number = self._hash(identity, within)
            other = taken.setdefault(number, identity)
            if other != identity:
                raise InputError(
                    f"annotations {other} and {identity} fall on one number in the "
                    f"permutation of ids: expected ids from 0 to {within.plain - 1}"
                )
            numbers[place] = number
        return permute(numbers, self.key)

    def _hash(self, identity: int, within: _Range) -> int:
        person = within.name.encode()
        digest = hashlib.blake2b(str(identity).encode(), key=self.key, person=person).digest()
        start = within.first + within.plain
        return start + int.from_bytes(digest, "little") % within.hashed


def event_ids(added: Sequence[tuple[str, Sequence[int]]]) -> Ids:
    """Ids for annotations that an event added, by its name and the source's ids, ascending.

    Returns
    -------
    ndarray
        int64 (N,), at least 0; the same whatever other annotations there are.

    Examples
    --------
    >>> first, second = event_ids([("merge", (7, 9)), ("split", (7,))]).tolist()
    >>> event_ids([("merge", (7, 9))]).tolist() == [first]
    True
    """
    texts = (f"{event} {' '.join(map(str, ids))}" for event, ids in added)
    return np.array([_hashed(text) for text in texts], np.int64)


def published_order(coco: CocoFile, ids: PublishedIds) -> tuple[CocoFile, Ids]:
    """The file with its annotations in the order of their published ids, and these, int64 (N,)."""
    published = ids.of(coco.annotation_ids)
    order = np.argsort(published)
    return coco.take(order), published[order]


def added_ids(image_ids: Sequence[int]) -> Ids:
    """Ids for added annotations that have none: by image, and their place among those of it.

    Parameters
    ----------
    image_ids
        Of N annotations; those of one image in an order of their own.

    Returns
    -------
    ndarray
        int64 (N,), at least 0; the same whatever other images there are.
    """
    seen: dict[int, int] = {}
    found = np.empty(len(image_ids), np.int64)
    for row, image_id in enumerate(image_ids):
        place = seen[image_id] = seen.get(image_id, -1) + 1
        found[row] = _added_id(image_id, place)
    return found


def _added_id(image_id: int, place: int) -> int:
    if 0 <= image_id < _ADDED.plain // _MOST_PLACES and place < _MOST_PLACES:
        return image_id * _MOST_PLACES + place
    return _hashed(f"{image_id} {place}")


def _hashed(text: str) -> int:
    """An id beyond those of `added_ids`' plain ones."""
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return _ADDED.plain + int.from_bytes(digest, "little") % ((1 << 63) - _ADDED.plain)
