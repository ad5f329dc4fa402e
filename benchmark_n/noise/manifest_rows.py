"""Manifest rows of a noised chunk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmark_n.coco.annotation_masks import size_bucket
from benchmark_n.coco.boxes import RecordBox
from benchmark_n.masks import Rle
from benchmark_n.noise.base import Drawn, DrawnNoise, Noise
from benchmark_n.noise.chunks import Chunk
from benchmark_n.tables.manifest_schema import BOX, EXTRA, MASK, SOURCE, Columns, box_columns

Measured = Sequence[tuple[int, list[int]]]


@dataclass
class NoisedMask:
    """What happened to one mask: the noisy RLE and, for each noise of masks, draws and reason.

    `clean` and `noisy` are area (px²) and box (px) of the masks, where they were measured already.
    An annotation without a mask has the noisy `box` in its place, and no boundary; `changed` is
    whether mask or box is another than the clean one.
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
    changed: bool = False


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
            columns[f"{noise.name}_applied"] = chunk.applied[noise.name]
            if noise.name in chunk.reasons:
                columns[f"{noise.name}_reason"] = chunk.reasons[noise.name]
    return columns


def _base_columns(
    chunk: Chunk, outcomes: Sequence[NoisedMask], clean: Measured, noisy: Measured
) -> Columns:
    gone = chunk.deleted
    extra = _extra(chunk)
    unscored = [any(flags) for flags in zip(gone, chunk.crowd, extra, strict=True)]
    added = [origin != SOURCE for origin in chunk.origins]
    return {
        "annotation_id": chunk.published_ids,
        "source_id": _unless(added, chunk.annotation_ids),
        "source_ids": chunk.source_ids,
        "image_id": chunk.image_ids,
        "origin": chunk.origins,
        "crowd": chunk.crowd,
        "category_id": _unless(extra, chunk.category_ids),
        "noisy_category_id": _unless(gone, chunk.noisy_category_ids),
        "deleted": gone,
        "area": _unless(extra, [area for area, _ in clean]),
        "noisy_area": _unless(gone, [area for area, _ in noisy]),
        **box_columns("bbox", _unless(extra, [box for _, box in clean])),
        **box_columns("noisy_bbox", _unless(gone, [box for _, box in noisy])),
        "size": _unless(extra, [size_bucket(area) for area, _ in clean]),
        "iou": _unless(unscored, [outcome.iou for outcome in outcomes]),
        "boundary_iou": _unless(unscored, [outcome.boundary_iou for outcome in outcomes]),
        "measured_on": [MASK if outcome.box is None else BOX for outcome in outcomes],
        **box_columns("box", [_numbers(o.clean_box) for o in outcomes]),
        **box_columns("noisy_box", _unless(gone, [_numbers(o.box) for o in outcomes])),
    }


def _extra(chunk: Chunk) -> list[bool]:
    """Whose clean annotation is nobody's."""
    return [origin in EXTRA for origin in chunk.origins]


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
    reasons = _unless(_extra(chunk), reasons)
    out = zip(chunk.deleted, _extra(chunk), strict=True)
    applied = [new and not any(flags) for new, flags in zip(changed, out, strict=True)]
    return {f"{noise.name}_applied": applied, f"{noise.name}_reason": reasons}
