"""The annotations that evidence is about, out of a COCO file."""

from __future__ import annotations

import numpy as np

from benchmark_n.coco import CocoFile
from benchmark_n.coco.annotation_masks import masks_of, measure
from benchmark_n.errors import InputError
from benchmark_n.evidence.evidence import Evidence, Ints


def annotation_evidence(coco: CocoFile) -> Evidence:
    """Evidence that holds the non-crowd annotations of a file alone.

    Raises
    ------
    InputError
        No annotations, or one whose mask cannot be read.
    """
    kept = np.flatnonzero(~coco.crowd)
    if not kept.size:
        raise InputError(f"{coco.path.name}: no annotations, expected some to look for errors in")
    masks = masks_of(coco, kept.tolist())
    category_ids = np.fromiter(coco.categories, np.int64, len(coco.categories))
    return Evidence(
        annotation_ids=coco.annotation_ids[kept],
        image_ids=coco.image_ids[kept],
        labels=category_index(category_ids, coco.category_ids[kept]),
        category_ids=category_ids,
        category_names=tuple(c.name or str(c.id) for c in coco.categories.values()),
        boxes=np.array([box for _, box in map(measure, masks)], np.int64).reshape(-1, 4),
        masks=tuple(masks),
    )


def category_index(category_ids: Ints, wanted: Ints) -> Ints:
    """Place of each wanted category in `category_ids`, int64."""
    order = np.argsort(category_ids)
    return np.asarray(order[np.searchsorted(category_ids, wanted, sorter=order)], np.int64)
