"""A small benchmark as arrays: crowded with one kind of thing, noised within supercategories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evaluators.leakage.published import PublishedAnnotations, Truth

NAMES = {1: "cat", 2: "dog", 3: "cow", 11: "car", 12: "bus", 13: "train", 21: "person"}
_FAMILIES = {1: (1, 2, 3), 11: (11, 12, 13), 21: (21,)}
_SIBLINGS = {c: [d for d in family if d != c] for family in _FAMILIES.values() for c in family}


@dataclass(frozen=True)
class World:
    """Clean annotations in random order and what became of them; all arrays are of shape (N,)."""

    image_ids: NDArray[np.int64]
    clean: NDArray[np.int64]
    given: NDArray[np.int64]
    changed: NDArray[np.bool_]
    deleted: NDArray[np.bool_]

    def publish(self, ids: Any = None, *, seed: int = 0, **more: Any) -> tuple[Any, Truth]:
        """Published in the order of `ids`, by default random ones below 2⁵³.

        `more` are fields of `PublishedAnnotations`; values of ``fields`` go with the rows.
        """
        if ids is None:
            random = np.random.default_rng((9, seed))
            ids = random.choice(1 << 53, len(self.clean), replace=False)
        kept = np.flatnonzero(~self.deleted)
        kept = kept[np.argsort(ids[kept], kind="stable")]
        fields = {
            name: [values[i] for i in kept.tolist()]
            for name, values in more.pop("fields", {}).items()
        }
        published = PublishedAnnotations(
            ids=np.asarray(ids)[kept],
            image_ids=self.image_ids[kept],
            category_ids=self.given[kept],
            crowd=np.zeros(len(kept), np.bool_),
            fields=fields,
            category_names=NAMES,
            **more,
        )
        truth = Truth(
            (self.given != self.clean)[kept],
            self.changed[kept],
            np.asarray(ids)[self.deleted],
            self.image_ids[self.deleted],
            self.clean[self.deleted],
        )
        return published, truth


def world(seed: int, images: int = 80, size: int = 8, rate: float = 0.15) -> World:
    """Images of about `size` annotations each, of two categories an image."""
    random = np.random.default_rng(seed)
    image_ids = np.repeat(np.arange(images) + 500, random.integers(1, 2 * size, images))
    clean = np.concatenate(
        [
            random.choice(random.choice(list(NAMES), 2), int((image_ids == image).sum()))
            for image in np.unique(image_ids)
        ]
    )
    wrong = random.random(len(clean)) < rate
    given = np.array(
        [
            random.choice(_SIBLINGS[c]) if w and _SIBLINGS[c] else c
            for c, w in zip(clean.tolist(), wrong.tolist(), strict=True)
        ]
    )
    changed, deleted = random.random((2, len(clean))) < [[0.4], [0.1]]
    return World(image_ids, clean, given, changed, deleted)
