"""Manifest rows of a noised chunk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmark_n.coco.annotation_masks import size_bucket
from benchmark_n.coco.boxes import RecordBox
from benchmark_n.masks import Rle
from benchmark_n.noise.base import Drawn, DrawnNoise, Noise
from benchmark_n.noise.plan import Chunk
from benchmark_n.tables.manifest_schema import BOX, MASK, Columns, box_columns

Measured = Sequence[tuple[int, list[int]]]


@dataclass
class NoisedMask:
    """What happened to one mask: the noisy RLE and, for each noise of masks, draws and reason.

    `clean` and `noisy` are area (px²) and box (px) of the masks, where they were measured already.
    An annotation without a mask has the noisy `box` in its place, and no boundary.
    """

    rle: Rle | None
    iou: float = 1.0
    boundary_iou: float | None = 1.0
    drawn: Sequence[Drawn | None] = ()
    reasons: Sequence[str | None] = ()
    clean: tuple[int, list[int]] | None = None
    noisy: tuple[int, list[int]] | None = None
    clean_box: RecordBox | None = None
    box: RecordBox | None = None


def manifest_columns(
    noises: Sequence[Noise],
    chunk: Chunk,
    outcomes: Sequence[NoisedMask],
    clean: Measured,
    noisy: Measured,
) -> Columns:
    """All columns but the clean records; `clean` and `noisy` are areas (px²) and boxes (px)."""
    columns = _base_columns(chunk, outcomes, clean, noisy)
    place = 0
    for noise in noises:
        if isinstance(noise, DrawnNoise):
            columns |= _drawn_columns(noise, place, chunk.drawn[place], outcomes)
            place += 1
        elif noise.kind == "category":
            columns |= _category_columns(noise, chunk)
        else:
            columns[f"{noise.name}_applied"] = chunk.deleted
    return columns


def _base_columns(
    chunk: Chunk, outcomes: Sequence[NoisedMask], clean: Measured, noisy: Measured
) -> Columns:
    gone = chunk.deleted
    unscored = [d or c for d, c in zip(gone, chunk.crowd, strict=True)]
    return {
        "annotation_id": chunk.published_ids,
        "source_id": chunk.annotation_ids,
        "image_id": chunk.image_ids,
        "origin": ["clean"] * len(gone),
        "crowd": chunk.crowd,
        "category_id": chunk.category_ids,
        "noisy_category_id": _unless(gone, chunk.noisy_category_ids),
        "deleted": gone,
        "area": [area for area, _ in clean],
        "noisy_area": _unless(gone, [area for area, _ in noisy]),
        **box_columns("bbox", [box for _, box in clean]),
        **box_columns("noisy_bbox", _unless(gone, [box for _, box in noisy])),
        "size": [size_bucket(area) for area, _ in clean],
        "iou": _unless(unscored, [outcome.iou for outcome in outcomes]),
        "boundary_iou": _unless(unscored, [outcome.boundary_iou for outcome in outcomes]),
        "measured_on": [MASK if outcome.box is None else BOX for outcome in outcomes],
        **box_columns("box", [_numbers(o.clean_box) for o in outcomes]),
        **box_columns("noisy_box", _unless(gone, [_numbers(o.box) for o in outcomes])),
    }


def _numbers(box: RecordBox | None) -> Sequence[float] | None:
    return None if box is None else box.bbox


def _unless(absent: Sequence[bool], values: Sequence[Any]) -> list[Any]:
    return [None if gone else value for gone, value in zip(absent, values, strict=True)]


def _drawn_columns(
    noise: DrawnNoise, place: int, struck: Sequence[bool], outcomes: Sequence[NoisedMask]
) -> Columns:
    reasons = [o.reasons[place] if o.reasons else None for o in outcomes]
    drawn = [o.drawn[place] if o.drawn else None for o in outcomes]
    applied = [hit and reason is None for hit, reason in zip(struck, reasons, strict=True)]
    columns: Columns = {f"{noise.name}_applied": applied, f"{noise.name}_reason": reasons}
    for column in noise.columns:
        columns[f"{noise.name}_{column}"] = [d[column] if d else None for d in drawn]
    return columns


def _category_columns(noise: Noise, chunk: Chunk) -> Columns:
    pairs = zip(chunk.category_ids, chunk.noisy_category_ids, strict=True)
    changed = [old != new for old, new in pairs]
    reasons = [
        "deleted" if gone and (new or reason) else reason
        for gone, new, reason in zip(chunk.deleted, changed, chunk.category_reasons, strict=True)
    ]
    applied = [new and not gone for new, gone in zip(changed, chunk.deleted, strict=True)]
    return {f"{noise.name}_applied": applied, f"{noise.name}_reason": reasons}
