"""What the rows of several detectors together suggest for one item, and which of them says it."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

from benchmark_n.coco import Image
from benchmark_n.masks import crop_to_rle, rle_record
from benchmark_n.report.gallery import suggested_mask
from benchmark_n.review.items import Flag

# Detector, and its row of a scores table.
Row = tuple[str, dict[str, Any]]


def flag_of(row: Row) -> Flag:
    """What the row says."""
    detector, row_fields = row
    return Flag(detector, row_fields["kind"], row_fields["score"], row_fields["flagged"])


def suggestions(
    rows: Sequence[Row], given: int | None, image: Image, categories: Container[int]
) -> tuple[tuple[int, Flag] | None, tuple[dict[str, Any], Flag] | None]:
    """A category other than the given one, and a mask as RLE, each with what suggests it.

    The first row that suggests anything leads. Others add to it only where they say the same
    category, since whoever accepts takes category and mask together. A mask is of the category
    that its row suggests, or its detector elsewhere, or else of the given one.
    """
    said = [_category(row, given, categories) for row in rows]
    drawn = [_mask(row, image) for row in rows]
    of_detector: dict[str, int] = {}
    for (detector, _), named in zip(rows, said, strict=True):
        if named is not None:
            of_detector.setdefault(detector, named)
    category: tuple[int, Flag] | None = None
    mask: tuple[dict[str, Any], Flag] | None = None
    leading: int | None = None
    for row, named, rle in zip(rows, said, drawn, strict=True):
        if named is None and rle is None:
            continue
        meant = of_detector.get(row[0], given) if named is None else named
        if category is None and mask is None:
            leading = meant
        if meant == leading:
            category = category or (None if named is None else (named, flag_of(row)))
            mask = mask or (None if rle is None else (rle, flag_of(row)))
    return category, mask


def _category(row: Row, given: int | None, categories: Container[int]) -> int | None:
    named: int | None = row[1]["suggested_category"]
    return named if named in categories and named != given else None


def _mask(row: Row, image: Image) -> dict[str, Any] | None:
    mask = suggested_mask(row[1]["suggested_segmentation"], image.height, image.width)
    if mask is None or not mask.area:
        return None
    rle = crop_to_rle(mask)
    return rle_record(rle)
