"""Apply a recipe's noises to the masks of a chunk: raw records in, records and manifest rows out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmark_n.benchmark.records import (
    MaskForm,
    encode_record,
    measure,
    read_mask,
    size_bucket,
)
from benchmark_n.benchmark.rows import Columns, box_columns
from benchmark_n.coco.records import split_record
from benchmark_n.errors import InputError, annotation_fault
from benchmark_n.masks import CropMask, Rle, SegmentationError, crop_to_rle, mask_iou, rle_to_crop
from benchmark_n.masks.boundary import boundary_distance, boundary_iou
from benchmark_n.noise.base import Drawn, Noise, NotApplied, SpatialNoise
from benchmark_n.noise.draws import Stream
from benchmark_n.noise.plan import Chunk


@dataclass(frozen=True)
class Engine:
    """A recipe ready to run in a worker; call it with a chunk.

    Parameters
    ----------
    noises
        All noises of the recipe, in order.
    file_name
        What messages call the annotation file.
    """

    noises: tuple[Noise, ...]
    seed: int
    file_name: str
    dilation_ratio: float
    masks: MaskForm = "rle"
    keep_boxes: bool = False

    def __call__(self, chunk: Chunk) -> tuple[list[bytes], Columns]:
        """The surviving records in order, and the manifest's columns for all of the chunk.

        Raises
        ------
        InputError
            A segmentation that is no mask of its image.
        """
        return _noise_chunk(self, chunk)


@dataclass
class _Outcome:
    """What happened to one mask: the noisy RLE and, for each noise in turn, draws and reason."""

    rle: Rle
    iou: float = 1.0
    boundary_iou: float = 1.0
    drawn: Sequence[Drawn | None] = ()
    reasons: Sequence[str | None] = ()


def _noise_chunk(engine: Engine, chunk: Chunk) -> tuple[list[bytes], Columns]:
    fields = [split_record(record) for record in chunk.records]
    clean = [_read(engine, chunk, i, f) for i, f in enumerate(fields)]
    outcomes = [_noise_mask(engine, chunk, i, rle) for i, rle in enumerate(clean)]
    measured = measure(clean)
    noisy_measured = _measure_changed(clean, outcomes, measured)
    records: list[bytes] = []
    clean_records: list[bytes | None] = []
    for i, raw in enumerate(chunk.records):
        changed = (
            outcomes[i].rle is not clean[i] or chunk.noisy_category_ids[i] != chunk.category_ids[i]
        )
        clean_records.append(raw if changed or chunk.deleted[i] else None)
        if chunk.deleted[i]:
            continue
        if chunk.crowd[i] or (engine.masks == "keep" and not changed):
            records.append(raw)
            continue
        area, bbox = noisy_measured[i]
        records.append(
            encode_record(
                fields[i],
                outcomes[i].rle,
                chunk.noisy_category_ids[i],
                area=area,
                bbox=measured[i][1] if engine.keep_boxes else bbox,
                masks="rle" if engine.masks == "keep" else engine.masks,
                keep_box=engine.keep_boxes,
            )
        )
    columns = _base_columns(chunk, outcomes, measured, noisy_measured)
    columns |= _noise_columns(engine, chunk, outcomes)
    columns["clean_record"] = clean_records
    return records, columns


def _read(engine: Engine, chunk: Chunk, index: int, fields: dict[str, Any]) -> Rle:
    try:
        return read_mask(fields, *chunk.sizes[index])
    except SegmentationError as fault:
        raise annotation_fault(
            engine.file_name, chunk.annotation_ids[index], str(fault)
        ) from None


def _noise_mask(engine: Engine, chunk: Chunk, index: int, rle: Rle) -> _Outcome:
    spatial = [noise for noise in engine.noises if isinstance(noise, SpatialNoise)]
    struck = [column[index] for column in chunk.drawn]
    if not any(struck):
        return _Outcome(rle)
    if chunk.deleted[index]:
        return _Outcome(rle, reasons=["deleted" if hit else None for hit in struck])
    clean = mask = rle_to_crop(rle)
    drawn: list[Drawn | None] = []
    reasons: list[str | None] = []
    for noise, hit in zip(spatial, struck, strict=True):
        parameters = reason = None
        if hit:
            stream = Stream(engine.seed, noise.name, chunk.annotation_ids[index])
            parameters = noise.draw(stream)
            mask, reason = _apply(noise, mask, parameters)
        drawn.append(parameters)
        reasons.append(reason)
    noisy = rle if mask is clean else crop_to_rle(mask)
    if noisy["counts"] == rle["counts"]:
        return _Outcome(rle, drawn=drawn, reasons=reasons)
    distance = boundary_distance(*chunk.sizes[index], engine.dilation_ratio)
    iou, boundary = mask_iou(clean, mask), boundary_iou(clean, mask, distance)
    return _Outcome(noisy, iou, boundary, drawn, reasons)


def _apply(noise: SpatialNoise, mask: CropMask, drawn: Drawn) -> tuple[CropMask, str | None]:
    """The noisy mask, or the old one and the reason. Nobody draws nothing: no mask is emptied."""
    if not mask.area:
        return mask, "empty_mask"
    try:
        noisy = noise.apply(mask, drawn)
    except NotApplied as reason:
        return mask, str(reason)
    except Exception as error:
        raise InputError(f"noise {noise.name} failed: {error}") from error
    return (noisy, None) if noisy.area else (mask, "would_empty")


def _measure_changed(
    clean: list[Rle], outcomes: list[_Outcome], measured: list[tuple[int, list[int]]]
) -> list[tuple[int, list[int]]]:
    changed = [i for i, outcome in enumerate(outcomes) if outcome.rle is not clean[i]]
    result = list(measured)
    for i, value in zip(changed, measure([outcomes[i].rle for i in changed]), strict=True):
        result[i] = value
    return result


def _base_columns(
    chunk: Chunk,
    outcomes: list[_Outcome],
    measured: list[tuple[int, list[int]]],
    noisy: list[tuple[int, list[int]]],
) -> Columns:
    gone = chunk.deleted
    unscored = [d or c for d, c in zip(gone, chunk.crowd, strict=True)]
    return {
        "annotation_id": chunk.annotation_ids,
        "image_id": chunk.image_ids,
        "origin": ["clean"] * len(gone),
        "crowd": chunk.crowd,
        "category_id": chunk.category_ids,
        "noisy_category_id": _unless(gone, chunk.noisy_category_ids),
        "deleted": gone,
        "area": [area for area, _ in measured],
        "noisy_area": _unless(gone, [area for area, _ in noisy]),
        **box_columns("bbox", [box for _, box in measured]),
        **box_columns("noisy_bbox", _unless(gone, [box for _, box in noisy])),
        "size": [size_bucket(area) for area, _ in measured],
        "iou": _unless(unscored, [outcome.iou for outcome in outcomes]),
        "boundary_iou": _unless(unscored, [outcome.boundary_iou for outcome in outcomes]),
    }


def _unless(absent: Sequence[bool], values: Sequence[Any]) -> list[Any]:
    return [None if gone else value for gone, value in zip(absent, values, strict=True)]


def _noise_columns(engine: Engine, chunk: Chunk, outcomes: list[_Outcome]) -> Columns:
    columns: Columns = {}
    place = 0
    for noise in engine.noises:
        if isinstance(noise, SpatialNoise):
            columns |= _spatial_columns(noise, place, chunk.drawn[place], outcomes)
            place += 1
        elif noise.kind == "category":
            columns |= _category_columns(noise, chunk)
        else:
            columns[f"{noise.name}_applied"] = chunk.deleted
    return columns


def _spatial_columns(
    noise: SpatialNoise, place: int, struck: list[bool], outcomes: list[_Outcome]
) -> Columns:
    reasons = [o.reasons[place] if o.reasons else None for o in outcomes]
    drawn = [o.drawn[place] if o.drawn else None for o in outcomes]
    columns: Columns = {
        f"{noise.name}_applied": [
            hit and reason is None for hit, reason in zip(struck, reasons, strict=True)
        ],
        f"{noise.name}_reason": reasons,
    }
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
