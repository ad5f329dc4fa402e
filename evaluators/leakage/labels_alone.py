"""All that labels alone tell of a benchmark's errors: four kinds of features, three of errors."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np

from benchmark_n.coco import CocoFile
from benchmark_n.coco.annotation_masks import masks_of
from benchmark_n.coco.records import split_record
from benchmark_n.evaluators.leakage.boosting import Told, told_by
from benchmark_n.evaluators.leakage.label_features import (
    box_features,
    category_features,
    image_features,
    image_mix,
    mask_features,
)
from benchmark_n.evaluators.leakage.probes import CLASS, DELETION, MASK
from benchmark_n.evaluators.leakage.published import Floats, Ints, PublishedAnnotations, Truth
from benchmark_n.masks import Rle
from benchmark_n.masks.batch import rle_boxes

# Of larger files every second, third, ... image is read, until no more annotations are left.
MEASURED = 20_000
_numbers = msgspec.json.Decoder(list[float])


def labels_alone(
    coco: CocoFile,
    published: PublishedAnnotations,
    truth: Truth,
    units: Callable[[Ints], Ints],
) -> list[Told]:
    """What category, image, box and mask tell of class errors, changed masks and deletions.

    Parameters
    ----------
    coco
        The published file; its records are in the order of `published`.
    units
        Image ids (N,) to units (N,): patients, volumes, sequences, or the images themselves.

    Raises
    ------
    InputError
        The extra ``detect`` is missing, or a segmentation that is no mask of its image.
    """
    rows = measured_rows(published)
    if not len(rows):
        return []
    images, categories = published.image_ids[rows], published.category_ids[rows]
    groups = units(images)
    category = category_features(categories)
    rles = masks_of(coco, rows.tolist())
    boxes, sizes = _boxes(coco, rows, rles), _sizes(coco, images)
    features = {
        "category": (category, [0]),
        "image": (np.column_stack([category, image_features(images, categories)]), [0]),
        "box": (box_features(boxes, sizes), []),
        "mask": (mask_features(rles), []),
    }
    targets = {CLASS: truth.class_error[rows], MASK: truth.changed[rows]}
    found = [
        told_by(name, target, values, wrong, groups, categorical=columns)
        for target, wrong in targets.items()
        for name, (values, columns) in features.items()
    ]
    mix, place = image_mix(images, categories)
    known, first = np.unique(place, return_index=True)
    lost = np.isin(images[first], truth.deleted_image_ids)
    return [*found, told_by("image", DELETION, mix[known], lost, groups[first])]


def measured_rows(published: PublishedAnnotations) -> Ints:
    """The instances of all images, or of every n-th one, at most about `MEASURED`.

    Examples
    --------
    >>> ids, crowd = np.arange(3), np.array([False, True, False])
    >>> measured_rows(PublishedAnnotations(ids, ids, ids, crowd)).tolist()
    [0, 2]
    """
    rows = np.flatnonzero(~published.crowd)
    images = published.image_ids[rows]
    stride = max(1, -(-len(rows) // MEASURED))
    return np.asarray(rows[np.isin(images, np.unique(images)[::stride])], np.int64)


def _sizes(coco: CocoFile, images: Ints) -> Floats:
    found = [(coco.images[i].width, coco.images[i].height) for i in images.tolist()]
    return np.array(found, np.float64).reshape(-1, 2)


def _boxes(coco: CocoFile, rows: Ints, rles: list[Rle]) -> Floats:
    """Boxes as published; of the mask where a record has none."""
    boxes = np.array(rle_boxes(rles), np.float64).reshape(-1, 4)
    for place, row in enumerate(rows.tolist()):
        try:
            values = _numbers.decode(split_record(coco.annotations[row])["bbox"])
        except (KeyError, msgspec.DecodeError):
            continue
        if len(values) == 4:
            boxes[place] = values
    return boxes
