"""Manifest rows of a noised chunk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.annotation_masks import size_bucket
from benchmark_n.noise.base import DrawnNoise, Noise
from benchmark_n.noise.chunks import Chunk
from benchmark_n.noise.noised_chunk import NoisedChunk
from benchmark_n.tables.manifest_schema import BOX, BOX_PARTS, EXTRA, MASK, SOURCE, box_columns

# Name to the values: a list, None for null, or an array of numbers, masked where null.
Values = dict[str, Any]


def manifest_columns(noises: Sequence[Noise], chunk: Chunk, noised: NoisedChunk) -> Values:
    """All columns but the clean records."""
    columns = _base_columns(chunk, noised)
    place = 0
    for noise in noises:
        if isinstance(noise, DrawnNoise):
            columns |= _drawn_columns(noise, place, chunk.drawn[place], noised)
            place += 1
        elif noise.kind == "category":
            columns |= _category_columns(noise, chunk)
        else:
            columns[f"{noise.name}_applied"] = chunk.applied[noise.name]
            if noise.name in chunk.reasons:
                columns[f"{noise.name}_reason"] = chunk.reasons[noise.name]
    return columns


def _base_columns(chunk: Chunk, noised: NoisedChunk) -> Values:
    extra = _extra(chunk)
    added = [origin != SOURCE for origin in chunk.origins]
    gone, nobodys = np.array(chunk.deleted, np.bool_), np.array(extra, np.bool_)
    unscored = gone | nobodys | np.array(chunk.crowd, np.bool_)
    boxed = np.zeros(len(extra), np.bool_)
    boxed[list(noised.boxes)] = True
    clean, noisy = noised.figures[:, :5].T, noised.figures[:, 5:].T
    areas = clean[0].tolist()
    return {
        "annotation_id": chunk.published_ids,
        "source_id": _unless(added, chunk.annotation_ids),
        "source_ids": chunk.source_ids,
        "image_id": chunk.image_ids,
        "origin": chunk.origins,
        "crowd": chunk.crowd,
        "category_id": _unless(extra, chunk.category_ids),
        "noisy_category_id": _unless(chunk.deleted, chunk.noisy_category_ids),
        "deleted": chunk.deleted,
        "area": _masked(nobodys, clean[0]),
        "noisy_area": _masked(gone, noisy[0]),
        **_parts("bbox", nobodys, clean[1:]),
        **_parts("noisy_bbox", gone, noisy[1:]),
        "size": _unless(extra, [size_bucket(area) for area in areas]),
        "iou": _masked(unscored, noised.ious[:, 0]),
        "boundary_iou": _masked(unscored | boxed, noised.ious[:, 1]),
        "measured_on": [BOX if one else MASK for one in boxed.tolist()],
        **_drawn_boxes(chunk, noised),
    }


def _drawn_boxes(chunk: Chunk, noised: NoisedChunk) -> Values:
    """The columns of annotations without a mask."""
    count = len(chunk.records)
    clean: list[Sequence[float] | None] = [None] * count
    noisy: list[Sequence[float] | None] = [None] * count
    for place, (before, after) in noised.boxes.items():
        clean[place] = before.bbox
        noisy[place] = None if chunk.deleted[place] else after.bbox
    return {**box_columns("box", clean), **box_columns("noisy_box", noisy)} if noised.boxes else {}


def _extra(chunk: Chunk) -> list[bool]:
    """Whose clean annotation is nobody's."""
    return [origin in EXTRA for origin in chunk.origins]


def _unless(absent: Sequence[bool], values: Sequence[Any]) -> Sequence[Any]:
    if True not in absent:
        return values
    return [None if gone else value for gone, value in zip(absent, values, strict=True)]


def _masked(absent: NDArray[np.bool_], values: NDArray[Any]) -> NDArray[Any]:
    return np.ma.MaskedArray(values, absent) if absent.any() else values


def _parts(prefix: str, absent: NDArray[np.bool_], boxes: NDArray[np.int64]) -> Values:
    """The four columns of boxes (4, N)."""
    return {
        f"{prefix}_{part}": _masked(absent, values)
        for part, values in zip(BOX_PARTS, boxes, strict=True)
    }


def _drawn_columns(
    noise: DrawnNoise, place: int, struck: Sequence[bool], noised: NoisedChunk
) -> Values:
    reasons, drawn = noised.reasons[place], noised.drawn[place]
    applied = [hit and reason is None for hit, reason in zip(struck, reasons, strict=True)]
    columns: Values = {f"{noise.name}_applied": applied, f"{noise.name}_reason": reasons}
    for column in noise.columns:
        columns[f"{noise.name}_{column}"] = [d[column] if d else None for d in drawn]
    return columns


def _category_columns(noise: Noise, chunk: Chunk) -> Values:
    pairs = zip(chunk.category_ids, chunk.noisy_category_ids, strict=True)
    changed = [old != new for old, new in pairs]
    reasons: Sequence[str | None] = chunk.category_reasons
    if True in chunk.deleted:
        reasons = [
            "deleted" if gone and (new or reason) else reason
            for gone, new, reason in zip(chunk.deleted, changed, reasons, strict=True)
        ]
    extra = _extra(chunk)
    out = zip(chunk.deleted, extra, strict=True)
    applied = [new and not any(flags) for new, flags in zip(changed, out, strict=True)]
    return {f"{noise.name}_applied": applied, f"{noise.name}_reason": _unless(extra, reasons)}
