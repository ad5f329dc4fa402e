"""The crop of each annotation, cut some images at a time, in processes where wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile, Image
from benchmark_n.coco.pixels import Pixels, crop, mask_crop, read_rgb
from benchmark_n.evidence.backbones.base import Backbone
from benchmark_n.evidence.backbones.silhouette import silhouette
from benchmark_n.evidence.duplicates import thumbnail
from benchmark_n.evidence.evidence import Evidence, Ints
from benchmark_n.masks import Rle, rles_to_crops
from benchmark_n.runtime.parallel import ordered_map

_IMAGES_A_TASK = 8
_SURROUNDINGS = 127


@dataclass(frozen=True)
class CropTask:
    """Images with their annotations: file, record, indices, boxes (n, 4) and masks."""

    images: tuple[tuple[Path, Image, Ints, Ints, tuple[Rle, ...]], ...]


@dataclass(frozen=True)
class Cut:
    """What a worker sends back: indices (n,), silhouettes, and crops and masks or features.

    Of the images themselves: their ids (I,), and thumbnails by which copies are seen.
    """

    indices: Ints
    silhouettes: NDArray[np.float32]
    crops: Pixels
    masks: Pixels
    features: NDArray[np.float32] | None
    image_ids: Ints
    thumbnails: Pixels


@dataclass(frozen=True)
class Cutter:
    """Cuts the crops of a task, and describes them where the backbone can do so here."""

    size: int
    backbone: Backbone | None

    def __call__(self, task: CropTask) -> Cut:
        indices, crops, masks, thumbnails = [], [], [], []
        for path, image, places, boxes, rles in task.images:
            pixels = read_rgb(path, image)
            for box, mask in zip(boxes, rles_to_crops(rles), strict=True):
                crops.append(crop(pixels, box, self.size))
                masks.append(mask_crop(mask, box, self.size))
            indices.append(places)
            thumbnails.append(thumbnail(pixels))
        crop_stack, mask_stack = np.stack(crops), np.stack(masks)
        shapes = np.stack([silhouette(mask) for mask in masks])
        place = np.concatenate(indices)
        of_images = np.array([image.id for _, image, *_ in task.images]), np.stack(thumbnails)
        if self.backbone is None:
            return Cut(place, shapes, crop_stack, mask_stack, None, *of_images)
        features = self.backbone.describe(crop_stack, mask_stack)
        return Cut(place, shapes, crop_stack[:0], mask_stack[:0], features, *of_images)


def crop_tasks(evidence: Evidence, coco: CocoFile, paths: dict[int, Path]) -> Iterator[CropTask]:
    """The annotations, some images at a time."""
    order = np.argsort(evidence.image_ids, kind="stable")
    starts = np.flatnonzero(np.diff(evidence.image_ids[order], prepend=-1))
    parts = []
    for places in np.split(order, starts[1:]):
        image_id = int(evidence.image_ids[places[0]])
        masks = tuple(evidence.masks[i] for i in places.tolist())
        image = coco.images[image_id]
        parts.append((paths[image_id], image, places, evidence.boxes[places], masks))
        if len(parts) == _IMAGES_A_TASK:
            yield CropTask(tuple(parts))
            parts = []
    if parts:
        yield CropTask(tuple(parts))


def cut_crops(
    evidence: Evidence,
    coco: CocoFile,
    paths: dict[int, Path],
    cutter: Cutter,
    workers: int | None = None,
) -> Iterable[Cut]:
    """The crops of all annotations, in parts."""
    return ordered_map(cutter, crop_tasks(evidence, coco, paths), workers=workers)


def instances_alone(cut: Cut) -> Cut:
    """The crops with grey in place of what is outside the given masks."""
    return replace(cut, crops=on_grey(cut.crops, cut.masks))


def on_grey(crops: Pixels, masks: Pixels) -> Pixels:
    """Crops (n, S, S, 3) with grey in place of what is outside their masks (n, S, S)."""
    inside = masks[..., None].astype(np.uint16)
    blended = (crops * inside + _SURROUNDINGS * (255 - inside) + 127) // 255
    return np.asarray(blended, np.uint8)
