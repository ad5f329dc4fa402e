"""The annotations that evidence is about, out of a COCO file."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile
from benchmark_n.coco.annotation_masks import masks_of, measure
from benchmark_n.coco.boxes import box_mask, box_of
from benchmark_n.coco.crowds import check_crowds
from benchmark_n.coco.labels import category_labels
from benchmark_n.coco.lacking_masks import with_masks
from benchmark_n.errors import InputError
from benchmark_n.evidence.evidence import Evidence, Ints
from benchmark_n.masks import Rle


def annotation_evidence(coco: CocoFile) -> Evidence:
    """Evidence that holds the non-crowd annotations of a file alone.

    An annotation without a mask has its box in the place of one, filled.

    Raises
    ------
    InputError
        No annotations, none but crowds, or one whose mask or box cannot be read.
    """
    check_crowds(coco)
    kept = np.flatnonzero(~coco.crowd)
    if not kept.size:
        raise InputError(f"{coco.path.name}: no annotations, expected some to look for errors in")
    masked = with_masks(coco)[kept]
    masks, boxes = _regions(coco, kept, masked)
    crowds = np.flatnonzero(coco.crowd & with_masks(coco))
    coco.repairs.tell(coco.path.name)
    category_ids = np.fromiter(coco.categories, np.int64, len(coco.categories))
    labels = category_index(category_ids, coco.category_ids[kept])
    return Evidence(
        annotation_ids=coco.annotation_ids[kept],
        image_ids=coco.image_ids[kept],
        labels=labels,
        category_ids=category_ids,
        category_names=tuple(category_labels(coco.categories).values()),
        boxes=np.array(boxes, np.int64).reshape(-1, 4),
        masks=tuple(masks),
        without_mask=np.flatnonzero(~masked),
        image_sizes={image.id: (image.height, image.width) for image in coco.images.values()},
        crowds=tuple(
            zip(coco.image_ids[crowds].tolist(), masks_of(coco, crowds.tolist()), strict=True)
        ),
        exhaustive=_exhaustive(coco, coco.image_ids[kept], labels, category_ids),
        supercategories=tuple(one.supercategory or "" for one in coco.categories.values()),
    )


def _exhaustive(
    coco: CocoFile, image_ids: Ints, labels: Ints, category_ids: Ints
) -> dict[int, frozenset[int]]:
    """Labels that were annotated to the last instance in each image of a federated file.

    A federated file names in each image the categories that were looked for in vain; what is
    annotated there was looked for too, and all of it drawn unless the image says otherwise.
    The categories in `neg_category_ids` are left out on purpose: annotators said that there is
    none, and a detector that finds one contradicts them, not an omission. So the deletion of an
    image's only instance of a category is never proposed on a federated file.
    """
    if not any(image.neg_category_ids for image in coco.images.values()):
        return {}
    annotated: dict[int, set[int]] = {image_id: set() for image_id in coco.images}
    for image_id, label in zip(image_ids.tolist(), labels.tolist(), strict=True):
        annotated[image_id].add(label)
    places = {category: place for place, category in enumerate(category_ids.tolist())}
    for image_id, image in coco.images.items():
        annotated[image_id] -= {places.get(one, -1) for one in image.not_exhaustive_category_ids}
    return {image_id: frozenset(found) for image_id, found in annotated.items()}


def _regions(
    coco: CocoFile, kept: Ints, masked: NDArray[np.bool_]
) -> tuple[list[Rle], list[list[int]]]:
    """Masks and boxes (px) of the annotations at `kept`, which have a mask where `masked`."""
    found = iter(masks_of(coco, kept[masked].tolist()))
    masks, boxes = [], []
    for index, has in zip(kept.tolist(), masked.tolist(), strict=True):
        if has:
            rle = next(found)
            box = measure(rle)[1]
        else:
            image = coco.images[int(coco.image_ids[index])]
            given = box_of(coco, index)
            rle, box = box_mask(given, image.height, image.width), given.measured[1]
        masks.append(rle)
        boxes.append(box)
    return masks, boxes


def category_index(category_ids: Ints, wanted: Ints) -> Ints:
    """Place of each wanted category in `category_ids`, int64."""
    order = np.argsort(category_ids)
    return np.asarray(order[np.searchsorted(category_ids, wanted, sorter=order)], np.int64)
