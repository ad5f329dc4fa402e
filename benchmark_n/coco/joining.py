"""A benchmark out of a real pair: clean annotations and somebody's noisy version of them."""

from __future__ import annotations

from dataclasses import dataclass

from pycocotools import mask as coco_mask
from scipy.optimize import linear_sum_assignment

from benchmark_n.coco import CocoFile
from benchmark_n.coco.annotation_masks import masks_of
from benchmark_n.errors import InputError

MATCHES = ("auto", "id", "iou")


@dataclass(frozen=True)
class Pair:
    """A row to be: indices into the clean and the noisy file; one of them may be None."""

    clean: int | None
    noisy: int | None


def match_pairs(clean: CocoFile, noisy: CocoFile, how: str, least_iou: float) -> list[Pair]:
    """Match annotations by id, or by the assignment of greatest IoU within an image.

    ``"auto"`` goes by id where most noisy annotations have the id and image of a clean one.
    Clean ones come first in their own order, then what only the noisy file has.
    """
    _check_same_dataset(clean, noisy)
    by_id = _match_by_id(clean, noisy)
    if how == "id" or (how == "auto" and 2 * len(by_id) >= len(noisy)):
        partner = by_id
    else:
        partner = _match_by_iou(clean, noisy, least_iou)
    taken = set(partner.values())
    pairs = [Pair(i, partner.get(i)) for i in range(len(clean))]
    return pairs + [Pair(None, j) for j in range(len(noisy)) if j not in taken]


def _check_same_dataset(clean: CocoFile, noisy: CocoFile) -> None:
    for what, clean_places, noisy_places in (
        ("image", clean.images, noisy.images),
        ("category", clean.categories, noisy.categories),
    ):
        strange = next(
            (identity for identity in noisy_places if identity not in clean_places), None
        )
        if strange is not None:
            raise InputError(
                f"{noisy.path.name}: {what} id {strange} is not in {clean.path.name}: "
                "expected two files about the same images and categories"
            )


def _match_by_id(clean: CocoFile, noisy: CocoFile) -> dict[int, int]:
    place = {identity: j for j, identity in enumerate(noisy.annotation_ids.tolist())}
    matches = {}
    for i, identity in enumerate(clean.annotation_ids.tolist()):
        j = place.get(identity)
        if j is not None and noisy.image_ids[j] == clean.image_ids[i]:
            matches[i] = j
    return matches


def _match_by_iou(clean: CocoFile, noisy: CocoFile, least_iou: float) -> dict[int, int]:
    noisy_places = _groups(noisy)
    matches: dict[int, int] = {}
    for group, clean_places in _groups(clean).items():
        others = noisy_places.get(group, [])
        if not others:
            continue
        masks = [masks_of(noisy, others), masks_of(clean, clean_places)]
        ious = coco_mask.iou(*masks, [0] * len(clean_places))
        rows, columns = linear_sum_assignment(ious, maximize=True)
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            if ious[row, column] >= least_iou:
                matches[clean_places[column]] = others[row]
    return matches


def _groups(coco: CocoFile) -> dict[tuple[int, bool], list[int]]:
    """Indices of the annotations of each image, crowds apart."""
    groups: dict[tuple[int, bool], list[int]] = {}
    keys = zip(coco.image_ids.tolist(), coco.crowd.tolist(), strict=True)
    for index, key in enumerate(keys):
        groups.setdefault(key, []).append(index)
    return groups
