"""The one form in which every benchmark writes its annotations.

Published files mix clicked polygons, fractional boxes and areas. Were only the noisy annotations
rewritten, the format would tell which ones they are; so all non-crowd records are.

An annotation without a mask is no annotation with an empty one: ``segmentation`` is missing, null
or empty (``[]``, ``[[]]``, ``""``, ``{}``), and the box is what it says. An empty mask is an RLE
without a pixel, or polygons that cover none. `has_mask` alone tells the two apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from benchmark_n.coco.boxes import read_box
from benchmark_n.coco.file import Buffer, CocoFile
from benchmark_n.coco.records import join_record, split_record
from benchmark_n.errors import annotation_fault
from benchmark_n.files.json_yaml import JSON_FAULTS
from benchmark_n.masks import Rle, SegmentationError, rle_record, rle_to_crop, segmentation_to_rle
from benchmark_n.masks.batch import segmentations_to_rles
from benchmark_n.masks.outline import mask_to_polygons

MaskForm = Literal["rle", "polygon", "keep"]
MASK_FORMS: tuple[MaskForm, ...] = ("rle", "polygon", "keep")
SMALL, LARGE = 32**2, 96**2
_BATCH = 256

_LONGEST_EMPTY = 64  # bytes, blanks among them
_TRIANGLE = 6  # coordinates; fewer fill nothing

_polygons = msgspec.json.Decoder(list[list[float]])


def has_mask(segmentation: Buffer | None) -> bool:
    """Whether a raw ``segmentation`` is that of a mask, be it an empty one.

    >>> [has_mask(raw) for raw in (None, b"null", b"[ ]", b"[[]]", b'""', b"[[1, 1, 4, 1, 1, 4]]")]
    [False, False, False, False, False, True]
    """
    if segmentation is None:
        return False
    if memoryview(segmentation).nbytes > _LONGEST_EMPTY:
        return True
    text = bytes(segmentation).translate(None, b" \t\r\n")
    return text not in (b"null", b'""', b"{}") and bool(text.strip(b"[],"))


def read_mask(fields: Mapping[str, msgspec.Raw], height: int, width: int) -> Rle:
    """The mask of a split record, as RLE.

    Raises
    ------
    SegmentationError
        No mask, or one that is none of an image of height x width px.
    """
    return segmentation_to_rle(_read_segmentation(fields), height, width)


def read_masks(
    records: Sequence[Mapping[str, msgspec.Raw]],
    sizes: Sequence[tuple[int, int]],
    fault: Callable[[int, str], Exception],
    note: Callable[[int, str], None] | None = None,
) -> list[Rle]:
    """The masks of many split records; all else as in `segmentations_to_rles`."""
    segmentations: list[Any] = []
    for place, fields in enumerate(records):
        try:
            segmentations.append(_read_segmentation(fields))
        except SegmentationError as error:
            segmentations_to_rles(segmentations, sizes[:place], fault)  # earlier faults come first
            raise fault(place, str(error)) from None
    return segmentations_to_rles(segmentations, sizes, fault, note)


def masks_of(coco: CocoFile, indices: Sequence[int]) -> list[Rle]:
    """The masks of some annotations, as RLE; `coco.repairs` keeps what is not read as it stands.

    Raises
    ------
    InputError
        A segmentation that is no mask of its image.
    """
    # In parts: only RLEs are kept of a whole file, not its polygons as Python numbers.
    parts = (indices[i : i + _BATCH] for i in range(0, len(indices), _BATCH))
    return [mask for part in parts for mask in _masks_of(coco, part)]


def _masks_of(coco: CocoFile, indices: Sequence[int]) -> list[Rle]:
    images = [coco.images[int(coco.image_ids[index])] for index in indices]
    return read_masks(
        [split_record(coco.annotations[index]) for index in indices],
        [(image.height, image.width) for image in images],
        lambda place, text: annotation_fault(coco.path, coco.annotation_ids[indices[place]], text),
        lambda place, kind: coco.repairs.add(kind, int(coco.annotation_ids[indices[place]])),
    )


def _read_segmentation(fields: Mapping[str, msgspec.Raw]) -> Any:
    """The segmentation of a split record as plain Python, whatever it is."""
    raw = fields.get("segmentation")
    if raw is None or not has_mask(raw):
        raise SegmentationError("has no mask, expected polygons or an RLE in 'segmentation'")
    try:
        return _polygons.decode(raw)
    except msgspec.DecodeError:
        return decode_any(raw)


def read_polygons(fields: Mapping[str, msgspec.Raw]) -> list[NDArray[np.float64]] | None:
    """The polygons that the valid mask of a split record fills, (V, 2) in px; None for an RLE."""
    try:
        polygons = _polygons.decode(fields["segmentation"])
    except msgspec.DecodeError:
        return None
    return [np.reshape(one, (-1, 2)) for one in polygons if len(one) >= _TRIANGLE]


def decode_any(raw: Buffer) -> Any:
    """Raw JSON as plain Python; nesting too deep to be a segmentation is an error."""
    try:
        return msgspec.json.decode(raw)
    except JSON_FAULTS as error:
        raise SegmentationError(f"segmentation cannot be read: {error}") from None


def encode_record(
    fields: Mapping[str, msgspec.Raw],
    rle: Rle,
    category_id: int,
    *,
    area: int,
    bbox: Sequence[int],
    masks: MaskForm = "rle",
    keep_box: bool = False,
    changes: Mapping[str, Any] | None = None,
) -> bytes:
    """The record with mask, box (px), area (px²) and category in the common form.

    All other fields keep their bytes and places, but for those that `changes` names. With
    `keep_box` a box that is there stays.
    """
    values: dict[str, Any] = {
        "category_id": category_id,
        "segmentation": encode_mask(rle, masks),
        "area": area,
    }
    if not (keep_box and "bbox" in fields):
        values["bbox"] = bbox
    return join_record(fields, {**values, **(changes or {})})


def encode_mask(rle: Rle, masks: MaskForm = "rle") -> dict[str, Any] | list[list[int]]:
    """A ``segmentation`` value; an empty mask has no polygons and stays RLE."""
    if masks == "polygon":
        polygons = mask_to_polygons(rle_to_crop(rle))
        if polygons:
            return polygons
    return rle_record(rle)


def standardise(
    record: Buffer, height: int, width: int, masks: MaskForm = "rle", *, identity: int
) -> bytes:
    """A clean record as a benchmark without noise writes it, under the id `identity`.

    Raises
    ------
    SegmentationError, BoxError
        A mask or a box that is none of an image of height x width px.
    """
    fields, changes = split_record(record), {"id": identity}
    if masks == "keep":
        return join_record(fields, changes)
    category = int(float(bytes(fields["category_id"])))
    if not has_mask(fields.get("segmentation")):
        return read_box(fields, height, width).encoded(fields, category, identity)
    rle = read_mask(fields, height, width)
    area, bbox = measure(rle)
    return encode_record(fields, rle, category, area=area, bbox=bbox, masks=masks, changes=changes)


def measure(rle: Rle) -> tuple[int, list[int]]:
    """Area (px²) and box [x, y, width, height] (px) of a mask."""
    area = int(coco_mask.area(rle))
    return area, coco_mask.toBbox(rle).astype(int).tolist() if area else [0, 0, 0, 0]


def size_bucket(area: int) -> str:
    """COCO's size of an instance by its area in px²."""
    return "small" if area < SMALL else "medium" if area < LARGE else "large"


SIZES = ("small", "medium", "large")
