"""What the writers of all formats share: an item with its masks, and its texts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np

from benchmark_n.coco import CocoFile, Image
from benchmark_n.coco.annotation_masks import has_mask, read_mask
from benchmark_n.coco.boxes import box_mask, box_of
from benchmark_n.coco.pixels import Pixels, image_files, read_rgb
from benchmark_n.coco.records import split_record
from benchmark_n.errors import annotation_fault
from benchmark_n.masks import CropMask, SegmentationError, rle_to_crop, segmentation_to_rle
from benchmark_n.report.gallery import draw_suspect
from benchmark_n.review.edges import image_edges, off_edge
from benchmark_n.review.guideline import Section, sections_of
from benchmark_n.review.items import Item, Review
from benchmark_n.runtime.progress import Progress

CROPS, PICTURES, IMAGES = "crops", "pictures", "images"
_QUALITY = 90  # of JPEG
GIVEN, SUGGESTED = "given", "suggested"


@dataclass(frozen=True)
class Shown:
    """An item with its image and its masks; a mask that there is none of is None.

    `box` is the box, filled, of an annotation without a mask: it is shown, and never exported.
    `picture` is the whole picture in the review's folder, for those tools that look for it there;
    `off_edge`, of the page alone, the share of the given outline that lies off an edge of the
    picture, 0 to 1.
    """

    item: Item
    image: Image
    given: CropMask | None
    suggested: CropMask | None
    box: CropMask | None = None
    picture: str | None = None
    off_edge: float | None = None

    @property
    def file_name(self) -> str:
        """Of the image; its id where the file names none."""
        return self.image.file_name or str(self.image.id)


def show_items(coco: CocoFile, items: tuple[Item, ...]) -> list[Shown]:
    """The items with their masks, cut out of the annotation file."""
    place = {identity: i for i, identity in enumerate(coco.annotation_ids.tolist())}
    found = []
    for item in items:
        image = coco.images[item.image_id]
        given = box = None
        if not item.proposal:
            given, box = _given(coco, place[item.annotation_id], image)
        suggested = None
        if item.suggested_segmentation is not None:
            rle = segmentation_to_rle(item.suggested_segmentation, image.height, image.width)
            suggested = rle_to_crop(rle).tight()
        found.append(Shown(item, image, given, suggested, box))
    return found


def _given(coco: CocoFile, index: int, image: Image) -> tuple[CropMask | None, CropMask | None]:
    """The given mask, or of an annotation without one its box, filled."""
    fields = split_record(coco.annotations[index])
    if not has_mask(fields.get("segmentation")):
        filled = box_mask(box_of(coco, index), image.height, image.width)
        return None, rle_to_crop(filled).tight()
    try:
        rle = read_mask(fields, image.height, image.width)
    except SegmentationError as error:
        raise annotation_fault(coco.path, coco.annotation_ids[index], str(error)) from None
    mask = rle_to_crop(rle).tight()
    return (mask if mask.area else None), None


def write_crops(
    folder: Path,
    shown: list[Shown],
    images: Path,
    *,
    pictures: bool = False,
    progress: Progress | None = None,
) -> list[Shown]:
    """Write a PNG of each item to ``crops/``, as the report's gallery shows it; name it there.

    Parameters
    ----------
    pictures
        Write each whole picture too, as ``pictures/<image id>.jpg``, upright and of 8 bits, the
        crops as JPEG as well, and measure how much of each given outline lies off an edge.
    progress
        Told (pictures done, pictures in all).
    """
    ids = np.array([one.image.id for one in shown], np.int64)
    paths = image_files(images, {one.image.id: one.image for one in shown}, ids)
    (folder / CROPS).mkdir()
    if pictures:
        (folder / PICTURES).mkdir()
    of_image: dict[int, list[Shown]] = {}
    for one in shown:
        of_image.setdefault(one.image.id, []).append(one)
    named: dict[int, Shown] = {}
    for done, (identity, items) in enumerate(of_image.items(), start=1):
        pixels = read_rgb(paths[identity], items[0].image)
        picture = edges = None
        if pictures:
            picture, edges = f"{PICTURES}/{identity}.jpg", image_edges(pixels)
            _write_picture(folder / picture, pixels)
        for one in items:
            name = f"{CROPS}/{one.item.annotation_id}.{'jpg' if pictures else 'png'}"
            crop = draw_suspect(pixels, one.given or one.box, one.suggested)
            _write_picture(folder / name, crop)
            off = None if edges is None or one.given is None else off_edge(one.given, edges)
            item = msgspec.structs.replace(one.item, crop=name)
            named[item.annotation_id] = replace(one, item=item, picture=picture, off_edge=off)
        if progress is not None:
            progress(done, len(of_image))
    return [named[one.item.annotation_id] for one in shown]


def _write_picture(path: Path, pixels: Pixels) -> None:
    options = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY] if path.suffix == ".jpg" else []
    # Not imwrite, which tells nobody when the disk is full.
    encoded = cv2.imencode(path.suffix, cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), options)[1]
    path.write_bytes(encoded.tobytes())


def sections_about(review: Review, item: Item) -> list[Section]:
    """The sections of the guideline on an item's categories and on what may be wrong with it."""
    ids = [i for i in (item.given, item.suggested_category) if i is not None]
    kinds = [flag.kind for flag in item.flags if flag.flagged] or [item.flags[0].kind]
    return sections_of(review.sections, [review.labels[i] for i in ids], kinds)


def guideline_of(review: Review, item: Item) -> str:
    """The guideline's version with the sections that the item is about."""
    numbers = [section.number for section in sections_about(review, item)]
    if not numbers:
        return review.guideline
    plural = "s" if len(numbers) > 1 else ""
    return f"{review.guideline}, section{plural} {' and '.join(numbers)}"


def describe(review: Review, item: Item) -> dict[str, Any]:
    """What every format says about an item, as plain values.

    ``kind``, ``score``, ``detector`` and ``flagged`` are of the most suspect flag; what is
    suggested may come from others.
    """
    labels: dict[int | None, str] = {None: "", **{i: name for i, name in review.labels.items()}}
    return {
        "annotation_id": item.annotation_id,
        "kind": item.flags[0].kind,
        "score": item.flags[0].score,
        "detector": item.flags[0].detector,
        "flagged": item.flags[0].flagged,
        "given": labels[item.given],
        "suggested_category": labels[item.suggested_category],
        "category_detector": item.category_by.detector if item.category_by else "",
        "suggests_mask": item.suggested_segmentation is not None,
        "mask_detector": item.mask_by.detector if item.mask_by else "",
        "guideline": guideline_of(review, item),
        "crop": item.crop or "",
    }
