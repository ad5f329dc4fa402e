"""A second annotation file under the first one's image and category ids."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.file import CocoFile
from benchmark_n.coco.joining.categories import join_categories
from benchmark_n.coco.joining.images import join_images

# Of how two files are joined: what is kept of an earlier version is made anew.
JOINING = 1
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class JoinedFile:
    """The second of two files, in the numbers of the first.

    Parameters
    ----------
    coco
        `image_ids`, `category_ids`, `images` and `categories` have the first file's ids; the raw
        records and sections keep their own.
    record
        What it went by, in plain values: ``images``, ``categories``, the number of
        ``images_lacking`` in the second file, and the names of ``categories_unused`` that the
        first file does not have.
    """

    coco: CocoFile
    record: dict[str, Any]


def join_files(first: CocoFile, second: CocoFile, match: str = "auto") -> JoinedFile:
    """Translate the image and category ids of `second` to those of `first`.

    Parameters
    ----------
    match
        ``"all-ids"`` for ids as they are; any other goes by names (`join_images`,
        `join_categories`).

    Raises
    ------
    InputError
        Images or categories that `first` lacks, images of another size, or names that tell too
        little.

    Examples
    --------
    >>> joined = join_files(read_coco("clean.json"), read_coco("b.json"))  # doctest: +SKIP
    >>> joined.record["images"]  # doctest: +SKIP
    'file name'
    """
    by_id = match == "all-ids"
    images = join_images(first, second, by_id=by_id)
    categories = join_categories(first, second, by_id=by_id)
    lacking = len(first.images) - len(images.ids)
    if lacking:
        _log.warning(
            "%s: has %d of the %d images of %s: nothing is annotated in the other %d",
            *(second.path.name, len(images.ids), len(first.images), first.path.name, lacking),
        )
    coco = replace(
        second,
        images={
            images.ids[i]: msgspec.structs.replace(image, id=images.ids[i])
            for i, image in second.images.items()
        },
        categories={
            there: msgspec.structs.replace(second.categories[i], id=there)
            for i, there in categories.ids.items()
        },
        image_ids=_translated(second.image_ids, images.ids),
        category_ids=_translated(second.category_ids, categories.ids),
    )
    record = {
        "images": images.by,
        "categories": " and ".join(sorted(categories.by, reverse=True)) or "name",
        "images_lacking": lacking,
        "categories_unused": [second.categories[i].name or str(i) for i in categories.faults],
    }
    return JoinedFile(coco, record)


def _translated(ids: NDArray[np.int64], table: Mapping[int, int]) -> NDArray[np.int64]:
    known = np.sort(np.fromiter(table, np.int64, len(table)))
    there = np.array([table[i] for i in known.tolist()], np.int64)
    return there[np.searchsorted(known, ids)] if len(ids) else ids
