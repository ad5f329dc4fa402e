"""Apply a recipe's noises to a chunk: raw records in, noisy records and manifest rows out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benchmark_n.benchmark.records import MaskForm, encode_record, measure, read_mask
from benchmark_n.benchmark.rows import Columns
from benchmark_n.coco.records import split_record
from benchmark_n.errors import InputError, annotation_fault
from benchmark_n.masks import CropMask, Rle, SegmentationError, crop_to_rle, rles_to_crops
from benchmark_n.masks.boundary import boundary_distance, mask_and_boundary_iou
from benchmark_n.noise.base import Drawn, Noise, NotApplied, SpatialNoise
from benchmark_n.noise.draws import Stream
from benchmark_n.noise.plan import Chunk
from benchmark_n.noise.rows import Outcome, manifest_columns

# Masks unrolled at a time: enough to share the cost of starting, few enough to bound memory.
_BATCH = 32


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
        fields = [split_record(record) for record in chunk.records]
        clean = [self._read(chunk, i, f) for i, f in enumerate(fields)]
        outcomes = noise_masks(self, chunk, clean)
        measured = measure(clean)
        changed = [i for i, outcome in enumerate(outcomes) if outcome.rle is not clean[i]]
        noisy_measured = list(measured)
        for i, figures in zip(changed, measure([outcomes[i].rle for i in changed]), strict=True):
            noisy_measured[i] = figures
        touched = [
            outcome.rle is not rle or new != old
            for outcome, rle, new, old in zip(
                outcomes, clean, chunk.noisy_category_ids, chunk.category_ids, strict=True
            )
        ]
        records = [
            self._write(chunk, i, fields[i], outcomes[i].rle, touched[i], measured[i], figures)
            for i, figures in enumerate(noisy_measured)
            if not chunk.deleted[i]
        ]
        columns = manifest_columns(self.noises, chunk, outcomes, measured, noisy_measured)
        columns["clean_record"] = [
            raw if new or gone else None
            for raw, new, gone in zip(chunk.records, touched, chunk.deleted, strict=True)
        ]
        return records, columns

    def _read(self, chunk: Chunk, index: int, fields: dict[str, Any]) -> Rle:
        try:
            return read_mask(fields, *chunk.sizes[index])
        except SegmentationError as fault:
            identity = chunk.annotation_ids[index]
            raise annotation_fault(self.file_name, identity, str(fault)) from None

    def _write(
        self,
        chunk: Chunk,
        index: int,
        fields: dict[str, Any],
        rle: Rle,
        touched: bool,
        clean: tuple[int, list[int]],
        noisy: tuple[int, list[int]],
    ) -> bytes:
        if chunk.crowd[index] or (self.masks == "keep" and not touched):
            return chunk.records[index]
        return encode_record(
            fields,
            rle,
            chunk.noisy_category_ids[index],
            area=noisy[0],
            bbox=clean[1] if self.keep_boxes else noisy[1],
            masks="rle" if self.masks == "keep" else self.masks,
            keep_box=self.keep_boxes,
        )


def noise_masks(engine: Engine, chunk: Chunk, clean: Sequence[Rle]) -> list[Outcome]:
    """What becomes of each mask of the chunk."""
    spatial = [noise for noise in engine.noises if isinstance(noise, SpatialNoise)]
    struck = [[column[i] for column in chunk.drawn] for i in range(len(clean))]
    outcomes = [Outcome(rle) for rle in clean]
    work = []
    for i, hits in enumerate(struck):
        if any(hits) and chunk.deleted[i]:
            outcomes[i].reasons = ["deleted" if hit else None for hit in hits]
        elif any(hits):
            work.append(i)
    for i, mask in _unrolled(work, clean):
        distance = boundary_distance(*chunk.sizes[i], engine.dilation_ratio)
        streams = [
            Stream(engine.seed, noise.name, chunk.annotation_ids[i]) if hit else None
            for noise, hit in zip(spatial, struck[i], strict=True)
        ]
        outcomes[i] = _noise_mask(spatial, streams, mask, clean[i], distance)
    return outcomes


def _unrolled(indices: Sequence[int], rles: Sequence[Rle]) -> Iterator[tuple[int, CropMask]]:
    for start in range(0, len(indices), _BATCH):
        batch = indices[start : start + _BATCH]
        yield from zip(batch, rles_to_crops([rles[i] for i in batch]), strict=True)


def _noise_mask(
    noises: Sequence[SpatialNoise],
    streams: Sequence[Stream | None],
    clean: CropMask,
    rle: Rle,
    distance: int,
) -> Outcome:
    mask = clean
    drawn: list[Drawn | None] = []
    reasons: list[str | None] = []
    for noise, stream in zip(noises, streams, strict=True):
        parameters = reason = None
        if stream is not None:
            parameters = noise.draw(stream)
            mask, reason = _apply(noise, mask, parameters)
        drawn.append(parameters)
        reasons.append(reason)
    noisy = rle if mask is clean else crop_to_rle(mask)
    if noisy["counts"] == rle["counts"]:
        return Outcome(rle, drawn=drawn, reasons=reasons)
    return Outcome(noisy, *mask_and_boundary_iou(clean, mask, distance), drawn, reasons)


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
