"""Which annotations of a file have no mask but a box, and what to say where masks are needed."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.annotation_masks import has_mask, masks_of, measure
from benchmark_n.coco.boxes import box_mask, box_of
from benchmark_n.coco.file import CocoFile
from benchmark_n.errors import InputError
from benchmark_n.masks import Rle

_BATCH = 1024  # masks at a time
_log = logging.getLogger(__name__)


class _Segmentation(msgspec.Struct, gc=False):
    segmentation: msgspec.Raw = msgspec.Raw(b"null")


_record = msgspec.json.Decoder(_Segmentation)


def with_masks(coco: CocoFile) -> NDArray[np.bool_]:
    """Which annotations have a mask, be it an empty one; bool (N,)."""
    found = (has_mask(_record.decode(raw).segmentation) for raw in coco.annotations)
    return np.fromiter(found, np.bool_, len(coco))


def regions_of(coco: CocoFile) -> list[Rle]:
    """The mask of each annotation, as RLE; of one without a mask its box, filled.

    Raises
    ------
    InputError
        A segmentation that is no mask of its image, or a box that cannot be read.
    """
    masked = with_masks(coco)
    found = iter(masks_of(coco, np.flatnonzero(masked).tolist()))
    return [
        next(found) if has else _filled(coco, index) for index, has in enumerate(masked.tolist())
    ]


def areas_of(coco: CocoFile, rows: Sequence[int]) -> NDArray[np.float64]:
    """Areas (px²) of the masks of some annotations, of their boxes where there is none; (N,).

    Raises
    ------
    InputError
        A segmentation that is no mask of its image, or a box that cannot be read.
    """
    masked = with_masks(coco)
    has = [row for row in rows if masked[row]]
    found = {
        row: measure(rle)[0]
        for start in range(0, len(has), _BATCH)
        for row, rle in zip(
            has[start : start + _BATCH], masks_of(coco, has[start : start + _BATCH]), strict=True
        )
    }
    boxes = (row for row in rows if not masked[row])
    found |= {row: box_of(coco, row).measured[0] for row in boxes}
    return np.array([found[row] for row in rows], np.float64)


def _filled(coco: CocoFile, index: int) -> Rle:
    image = coco.images[int(coco.image_ids[index])]
    return box_mask(box_of(coco, index), image.height, image.width)


def require_masks(coco: CocoFile, what: str) -> CocoFile:
    """The file without the annotations that have no mask, for `what`, which goes by masks.

    How many these are is told in a warning; crowds do not count.

    Raises
    ------
    InputError
        None of the annotations has a mask.
    """
    instances, masked = ~coco.crowd, with_masks(coco)
    check_masks(coco.path.name, int((instances & ~masked).sum()), int(instances.sum()), what)
    return coco if masked.all() else coco.take(np.flatnonzero(masked))


def refuse_boxes(coco: CocoFile, what: str) -> None:
    """The same for what tells of the annotations without a mask itself, or later."""
    masked = with_masks(coco)[~coco.crowd]
    if not masked.any():
        check_masks(coco.path.name, len(masked), len(masked), what)


def check_masks(name: str, lacking: int, instances: int, what: str) -> None:
    """The same of a file called `name`, `lacking` of whose `instances` have no mask."""
    if not lacking:
        return
    if lacking == instances:
        raise InputError(
            f"{name}: none of its {instances} annotations has a mask, they are boxes: {what} "
            "needs masks"
        )
    _log.warning(
        "%s: %d of %d annotations have no mask but a box: %s leaves them out",
        *(name, lacking, instances, what),
    )
