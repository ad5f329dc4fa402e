"""Which annotation of one file is which of another: by id where ids mean something, else by IoU."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.file import CocoFile
from benchmark_n.coco.joining.assignment import assign
from benchmark_n.coco.joining.overlaps import Overlaps, find_overlaps

NOBODY = -1
# Ids mean something where this share of the shared ones have this IoU, in the same image.
_AGREEING, _AGREE = 0.9, 0.5
# What is left is matched once more down to this IoU, and told.
POOR = 0.1
Places = NDArray[np.intp]


@dataclass(frozen=True)
class AnnotationJoin:
    """Partner in the second file of each annotation of the first.

    Parameters
    ----------
    partners
        int (N,): place in the second file, -1 for none.
    record
        What it went by, in plain values: ``annotations``, the number of pairs ``by_id`` and
        ``by_iou``, of these the ``poor_overlaps``, ``least_iou``, the number of ``shared_ids``
        and, where they were looked at, of the ``agreeing_ids``.
    """

    partners: Places
    record: dict[str, Any]


def join_annotations(
    first: CocoFile, second: CocoFile, match: str = "auto", least_iou: float = 0.5
) -> AnnotationJoin:
    """Match the annotations of two files of one numbering of images and categories.

    By id where at least 90 % of the ids that both files have agree in image and have IoU .5 or
    more; those that do not agree, and all others, by the one-to-one matching of greatest IoU in
    an image, of pairs of `least_iou` or more, then once more of what is left and IoU .1 or more.
    The category is not asked for: it may be the error. It decides between equal overlaps alone.

    Parameters
    ----------
    match
        ``"auto"``; ``"id"`` or ``"all-ids"`` for ids alone, within an image; ``"iou"`` for IoUs
        alone.
    least_iou
        More than 0, at most 1.

    Raises
    ------
    InputError
        A segmentation that is no mask of its image.
    """
    here, there = _shared(first, second)
    partners = np.full(len(first), NOBODY, np.intp)
    record: dict[str, Any] = {"annotations": "id", "least_iou": least_iou, "shared_ids": len(here)}
    if match in ("id", "all-ids"):
        same_image = first.image_ids[here] == second.image_ids[there]
        partners[here[same_image]] = there[same_image]
        return AnnotationJoin(partners, {**record, **_counts(int(same_image.sum()), 0, 0)})
    record["annotations"] = f"IoU {least_iou:g}"
    pairs = find_overlaps(first, second, min(POOR, least_iou))
    if match == "auto":
        agree = _agreeing(pairs, _partner_by_id(here, there, len(first)))
        record["agreeing_ids"] = int(agree.sum())
        if len(here) and ids_agree(record):
            trusted = _without_better(first, second, pairs, agree)
            partners[pairs.first[trusted]] = pairs.second[trusted]
            record["annotations"] = "id"
    by_id = int((partners != NOBODY).sum())
    good = _match(first, second, pairs, partners, least_iou)
    poor = _match(first, second, pairs, partners, POOR)
    return AnnotationJoin(partners, {**record, **_counts(by_id, good + poor, poor)})


def ids_agree(record: Mapping[str, Any]) -> bool:
    """Whether enough of the shared ids agree to go by them."""
    return bool(record["agreeing_ids"] >= _AGREEING * record["shared_ids"])


def _counts(by_id: int, by_iou: int, poor: int) -> dict[str, int]:
    return {"by_id": by_id, "by_iou": by_iou, "poor_overlaps": poor}


def _shared(first: CocoFile, second: CocoFile) -> tuple[Places, Places]:
    """Places in both files of the ids that both have."""
    _, here, there = np.intersect1d(
        first.annotation_ids, second.annotation_ids, assume_unique=True, return_indices=True
    )
    return here, there


def _partner_by_id(here: Places, there: Places, count: int) -> Places:
    """Place of the same id in the second file, int (count,); -1 for none."""
    partners = np.full(count, NOBODY, np.intp)
    partners[here] = there
    return partners


def _agreeing(pairs: Overlaps, by_id: Places) -> NDArray[np.bool_]:
    """Which pairs have one id and overlap well."""
    same_id: NDArray[np.bool_] = by_id[pairs.first] == pairs.second
    return same_id & (pairs.ious >= _AGREE)


def _without_better(
    first: CocoFile, second: CocoFile, pairs: Overlaps, agree: NDArray[np.bool_]
) -> Places:
    """Places of the agreeing pairs, without those that an equal annotation of another id parts.

    Ids that were exchanged within an image agree where its masks overlap, but what is equal in
    mask and category is the same annotation.
    """
    same_kind = first.crowd[pairs.first] == second.crowd[pairs.second]
    equal = (pairs.ious == 1) & same_kind & _preferred(first, second, pairs)
    settled = agree & equal
    mine = np.isin(pairs.first, pairs.first[settled])
    other = np.isin(pairs.second, pairs.second[settled])
    better = equal & ~mine & ~other
    parted = np.isin(pairs.first, pairs.first[better]) | np.isin(pairs.second, pairs.second[better])
    return np.flatnonzero(agree & ~parted)


def _preferred(first: CocoFile, second: CocoFile, pairs: Overlaps) -> NDArray[np.bool_]:
    """Of one category, and with masks both or neither: decides between equal overlaps."""
    same: NDArray[np.bool_] = first.category_ids[pairs.first] == second.category_ids[pairs.second]
    return same & pairs.alike


def _match(
    first: CocoFile, second: CocoFile, pairs: Overlaps, partners: Places, least: float
) -> int:
    """Match what has no partner yet, crowds apart; how many pairs."""
    taken = np.zeros(len(second), bool)
    taken[partners[partners != NOBODY]] = True
    open_pairs = (partners[pairs.first] == NOBODY) & ~taken[pairs.second]
    same_kind = first.crowd[pairs.first] == second.crowd[pairs.second]
    left = pairs.take(open_pairs & same_kind & (pairs.ious >= least))
    preferred = _preferred(first, second, left)
    chosen = left.take(assign(left.first, left.second, left.ious, preferred))
    partners[chosen.first] = chosen.second
    return len(chosen.first)
