"""Outlines of few vertices, fit to edit, beside the exact masks that they stand for.

Whoever leaves an outline as it is leaves its mask as it is, to the pixel; one that was edited is
taken as it is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from benchmark_n.masks import CropMask, crop_to_rle, rle_record, segmentation_to_rle
from benchmark_n.masks.outline import mask_to_rings, rings_to_mask, rings_to_polygon

TOLERANCE = 1.0  # px that an outline may pass off the edge of its mask
# Points that differ by less, in percent of the image's sides, are the same: tools write them anew.
_SAME = 1e-3

Points = list[list[float]]


def outlines(mask: CropMask) -> list[dict[str, Any]]:
    """One for each part of the mask, as plain values.

    Returns
    -------
    list
        ``points``, (x, y) in percent of the image's sides, holes bridged in; and ``size`` (height,
        width) and ``counts`` of the part's exact mask as RLE.
    """
    made = []
    for part in mask_to_rings(mask):
        exact = crop_to_rle(rings_to_mask([part], mask.height, mask.width))
        polygon = np.reshape(rings_to_polygon(part, TOLERANCE), (-1, 2))
        points = 100 * polygon / (mask.width, mask.height)
        made.append({"points": points.tolist(), **rle_record(exact)})
    return made


def drawn_mask(
    drawn: Sequence[Points], given: Sequence[Mapping[str, Any]], height: int, width: int
) -> Any:
    """What a reviewer's outlines stand for: exact masks of the given ones, polygons of others.

    Parameters
    ----------
    drawn
        (x, y) in percent of each outline that there is now.
    given
        As `outlines` made them.

    Returns
    -------
    list or dict
        COCO polygons (px) where all outlines are new, else an RLE.

    Raises
    ------
    SegmentationError
        Outlines that are no masks.

    Examples
    --------
    >>> square = CropMask(np.ones((2, 2), np.uint8), 1, 1, 4, 4)
    >>> given = outlines(square)
    >>> coco_mask.decode(drawn_mask([given[0]["points"]], given, 4, 4)).sum()
    np.uint64(4)
    """
    polygons = [
        [v * s / 100 for p in one for v, s in zip(p, (width, height), strict=True)] for one in drawn
    ]
    known = [next((own for own in given if _is_same(one, own["points"])), None) for one in drawn]
    if not any(known):
        return polygons
    rles = [
        segmentation_to_rle(
            [polygon] if own is None else {"size": own["size"], "counts": own["counts"]},
            height,
            width,
        )
        for polygon, own in zip(polygons, known, strict=True)
    ]
    rle = rles[0] if len(rles) == 1 else coco_mask.merge(rles)
    return rle_record(rle)


def _is_same(drawn: Points, given: Points) -> bool:
    return len(drawn) == len(given) and bool(np.allclose(drawn, given, rtol=0, atol=_SAME))
