"""What an annotation is, whatever its id: its image, its category, and its mask or box."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import msgspec
import numpy as np

from benchmark_n.coco import CocoFile, Image
from benchmark_n.coco.annotation_masks import has_mask, read_mask
from benchmark_n.coco.boxes import box_of
from benchmark_n.coco.labels import category_labels
from benchmark_n.coco.records import split_record
from benchmark_n.errors import annotation_fault
from benchmark_n.masks import SegmentationError

# Image, category, and mask or box.
Meaning = tuple[str, str, bytes]


def meant_by(coco: CocoFile) -> dict[int, Meaning]:
    """Annotation id to what the annotation is."""
    return dict(zip(coco.annotation_ids.tolist(), meanings(coco), strict=True))


def meanings(coco: CocoFile) -> list[Meaning]:
    """What each annotation of a file is, in its order."""
    labels = category_labels(coco.categories)
    return [
        _meaning(coco, index, labels, coco.images[image], category)
        for index, (image, category) in enumerate(
            zip(coco.image_ids.tolist(), coco.category_ids.tolist(), strict=True)
        )
    ]


def _meaning(
    coco: CocoFile, index: int, labels: Mapping[int, str], image: Image, category: int
) -> Meaning:
    fields = split_record(coco.annotations[index])
    if has_mask(fields.get("segmentation")):
        try:
            shape = bytes(read_mask(fields, image.height, image.width)["counts"])
        except SegmentationError as error:
            raise annotation_fault(coco.path, coco.annotation_ids[index], str(error)) from None
    else:
        shape = np.asarray(box_of(coco, index), np.float64).tobytes()
    return image_name(image), labels[category], shape


def corrected_meaning(source: CocoFile, record: bytes) -> Meaning:
    """What a corrected or added record is."""
    told = msgspec.json.decode(record)
    one = replace(
        source,
        annotations=[record],
        annotation_ids=np.array([told["id"]]),
        image_ids=np.array([told["image_id"]]),
        category_ids=np.array([told["category_id"]]),
        crowd=np.array([False]),
    )
    return meanings(one)[0]


def image_name(image: Image) -> str:
    """The image's name, or where the file has none its number; with its size."""
    return f"{image.file_name or image.id} {image.width}x{image.height}"
