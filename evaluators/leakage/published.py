"""What an attacker sees of a benchmark, and the truth that the audit holds against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
# Tests of single annotations read the first of these records, in the order of the file: with some
# thousand errors among them an AUROC of .53 is beyond chance, and making the file takes 50 times as
# long.
AUDITED = 30_000


@dataclass(frozen=True)
class PublishedAnnotations:
    """A published file as arrays; all of them in the order of the file.

    Parameters
    ----------
    ids, image_ids, category_ids
        int64 (N,).
    crowd
        bool (N,): regions that no noise touches. They are no part of any test of annotations.
    fields
        Further fields of annotation records: name to JSON values of the first `AUDITED` records,
        None where a record lacks the field.
    image_fields
        Further fields of image records: name to image id to JSON value.
    category_names
        Category id to name.
    category_counts
        Field of the category records to category id to the number that it holds.
    """

    ids: Ints
    image_ids: Ints
    category_ids: Ints
    crowd: Flags
    fields: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    image_fields: Mapping[str, Mapping[int, Any]] = field(default_factory=dict)
    category_names: Mapping[int, str] = field(default_factory=dict)
    category_counts: Mapping[str, Mapping[int, float]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Truth:
    """What was done to the N published annotations, and which ones are missing.

    Parameters
    ----------
    class_error
        bool (N,): published under another category than the clean one.
    changed
        bool (N,): another mask than the clean one, or an annotation that was added.
    deleted_ids, deleted_image_ids, deleted_category_ids
        int64 (D,): the ids that the deleted ones would have been published under, their images
        and clean categories.
    """

    class_error: Flags
    changed: Flags
    deleted_ids: Ints
    deleted_image_ids: Ints
    deleted_category_ids: Ints


def strata(published: PublishedAnnotations, rows: Ints) -> Ints:
    """Published category and whether the image has another of it, as codes int64 (len(rows),).

    Both are seen by everybody, and both tell of class errors by the noise's own nature: a category
    without a sibling is never confused, and one that is alone in its image is an error more often.

    Examples
    --------
    >>> ids, none = np.arange(3), np.zeros(3, bool)
    >>> published = PublishedAnnotations(ids, np.array([1, 1, 2]), np.array([5, 5, 5]), none)
    >>> strata(published, ids).tolist()  # the first image has two of the category
    [1, 1, 0]
    """
    _, categories = np.unique(published.category_ids[rows], return_inverse=True)
    _, images = np.unique(published.image_ids[rows], return_inverse=True)
    _, pair, counts = np.unique(
        images.astype(np.int64) * (categories.max(initial=0) + 1) + categories,
        return_inverse=True,
        return_counts=True,
    )
    return np.asarray(2 * categories + (counts[pair] > 1), np.int64)
