"""What the writers share: corrected annotations image by image, and account of what is lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from pycocotools import mask as coco_mask

from benchmark_n.coco import CocoFile, Image
from benchmark_n.coco.annotation_masks import has_mask, masks_of
from benchmark_n.coco.boxes import RecordBox, box_of
from benchmark_n.coco.labels import category_labels
from benchmark_n.coco.records import split_record
from benchmark_n.errors import annotation_fault
from benchmark_n.masks import CropMask, Rle, rle_to_crop

_FEWEST = 6  # coordinates of a polygon


@dataclass(frozen=True)
class Label:
    """An annotation as the formats of tools have it.

    Parameters
    ----------
    category
        The name that the tools show.
    polygons
        Those of the record (px), of three points or more; none where its mask is an RLE.
    mask, box
        One of the two, the other None; or neither, where the mask has no pixel.
    attributes
        The record's own, as CVAT writes them.
    """

    annotation_id: int
    category: str
    category_id: int
    crowd: bool
    polygons: list[list[float]]
    mask: Rle | None
    box: RecordBox | None
    attributes: dict[str, Any]

    @property
    def crop(self) -> CropMask:
        """The mask's pixels, for those who need them: of polygons that is most of the work."""
        assert self.mask is not None
        return rle_to_crop(self.mask).tight()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return self.mask is None and self.box is None


@dataclass
class Losses:
    """What a format does not hold: kinds, with the ids of the annotations concerned.

    Parameters
    ----------
    name
        The format's, as messages call it.
    refused
        What it cannot hold at all.
    changed
        What it holds in another way, or without something.
    """

    name: str
    refused: dict[str, list[int]] = field(default_factory=dict)
    changed: dict[str, list[int]] = field(default_factory=dict)

    def refuse(self, kind: str, label: Label) -> None:
        """An annotation that the format cannot hold."""
        self.refused.setdefault(kind, []).append(label.annotation_id)

    def change(self, kind: str, label: Label) -> None:
        """An annotation that comes back changed."""
        self.changed.setdefault(kind, []).append(label.annotation_id)

    def notes(self, coco: CocoFile) -> list[str]:
        """A line for each kind of change.

        Raises
        ------
        InputError
            There is an annotation that the format cannot hold.
        """
        if self.refused:
            kind, ids = next(iter(self.refused.items()))
            raise annotation_fault(
                coco.path,
                ids[0],
                f"{kind}, which {self.name} cannot hold ({len(ids)} such of {len(coco)}): "
                f"{coco.path.name} has all corrections, write them with `as_format='coco'`",
            )
        return [
            f"{len(ids)} of {len(coco)} annotations (first: {ids[0]}): {kind}"
            for kind, ids in self.changed.items()
        ]


def labels_by_image(coco: CocoFile) -> Iterator[tuple[Image, list[Label]]]:
    """Every image with its annotations, both in the file's order.

    Raises
    ------
    InputError
        A mask or a box that is none of its image.
    """
    names = category_labels(coco.categories)
    places: dict[int, list[int]] = {identity: [] for identity in coco.images}
    for place, identity in enumerate(coco.image_ids.tolist()):
        places[identity].append(place)
    for image in coco.images.values():
        yield image, _labels(coco, places[image.id], names)


def _labels(coco: CocoFile, places: list[int], names: Mapping[int, str]) -> list[Label]:
    records = {place: split_record(coco.annotations[place]) for place in places}
    drawn = [p for p in places if has_mask(records[p].get("segmentation"))]
    masks = dict(zip(drawn, masks_of(coco, drawn), strict=True))
    return [_label(coco, place, records[place], masks.get(place), names) for place in places]


def _label(
    coco: CocoFile,
    place: int,
    record: Mapping[str, msgspec.Raw],
    rle: Rle | None,
    names: Mapping[int, str],
) -> Label:
    attributes = msgspec.json.decode(record.get("attributes", b"null"))
    category = int(coco.category_ids[place])
    return Label(
        annotation_id=int(coco.annotation_ids[place]),
        category=names[category],
        category_id=category,
        crowd=bool(coco.crowd[place]),
        polygons=[] if rle is None else _polygons(record["segmentation"]),
        mask=rle if rle is not None and coco_mask.area(rle) else None,
        box=box_of(coco, place) if rle is None else None,
        attributes=attributes if isinstance(attributes, dict) else {},
    )


def _polygons(segmentation: msgspec.Raw) -> list[list[float]]:
    value = msgspec.json.decode(segmentation)
    parts = value if isinstance(value, list) else []
    return [part for part in parts if isinstance(part, list) and len(part) >= _FEWEST]
