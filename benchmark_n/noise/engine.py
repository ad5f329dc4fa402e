"""Apply a recipe's noises to a chunk: raw records in, noisy records and manifest rows out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmark_n.coco.annotation_masks import (
    MaskForm,
    encode_record,
    has_mask,
    measure,
    read_masks,
    read_polygons,
)
from benchmark_n.coco.records import join_record, split_record
from benchmark_n.errors import annotation_fault
from benchmark_n.masks import CropMask, Rle, crops_to_rles, rle_to_crop, rles_to_crops
from benchmark_n.masks.boundary import boundary_distance
from benchmark_n.masks.shape import Part, Shape
from benchmark_n.noise.base import DrawnNoise, Noise, SpatialNoise
from benchmark_n.noise.chunks import Chunk
from benchmark_n.noise.manifest_rows import NoisedMask, manifest_columns
from benchmark_n.noise.noised_boxes import noise_boxes
from benchmark_n.noise.native import noise_natively
from benchmark_n.noise.native_check import usable
from benchmark_n.noise.noised_masks import compare_masks, noise_shape
from benchmark_n.runtime.random_streams import Stream
from benchmark_n.tables.manifest_schema import SOURCE, Columns

# Noisy masks are encoded together, once they have this many pixels.
_MOST_PIXELS = 1 << 17
# Kinds of `benchmark_n.coco.reading` with the annotation ids.
Notes = list[tuple[str, int]]


@dataclass(frozen=True)
class Engine:
    """A recipe ready to run in a worker; call it with a chunk.

    Parameters
    ----------
    noises
        All noises of the recipe, in order.
    file_name
        What messages call the annotation file.
    may_empty
        Whether a noise may leave a mask without a pixel.
    native
        Whether the native kernel may do what it can, for the same bytes.
    """

    noises: tuple[Noise, ...]
    seed: int
    file_name: str
    dilation_ratio: float
    masks: MaskForm = "rle"
    keep_boxes: bool = False
    may_empty: bool = False
    native: bool = True

    def __call__(self, chunk: Chunk) -> tuple[list[bytes], Columns]:
        """The surviving records in order, and the manifest's columns for all of the chunk; `run`.

        Raises
        ------
        InputError
            A segmentation that is no mask of its image, or without a mask no box.
        """
        records, columns, _ = self.run(chunk)
        return records, columns

    def run(self, chunk: Chunk) -> tuple[list[bytes], Columns, Notes]:
        """The same, and what of the masks was not read as it stands."""
        fields = [split_record(record) for record in chunk.records]
        notes: Notes = []
        outcomes = self._noise(chunk, fields, notes)
        measured = [outcome.clean for outcome in outcomes]
        noisy_measured = [o.noisy or m for o, m in zip(outcomes, measured, strict=True)]
        touched = [
            outcome.changed or new != old
            for outcome, new, old in zip(
                outcomes, chunk.noisy_category_ids, chunk.category_ids, strict=True
            )
        ]
        records = [
            self._write(chunk, i, fields[i], outcomes[i], touched[i], measured[i], figures)
            for i, figures in enumerate(noisy_measured)
            if not chunk.deleted[i]
        ]
        columns = manifest_columns(self.noises, chunk, outcomes, measured, noisy_measured)
        columns["clean_record"] = [
            raw if (new or gone) and origin == SOURCE else None
            for raw, new, gone, origin in zip(
                chunk.records, touched, chunk.deleted, chunk.origins, strict=True
            )
        ]
        return records, columns, notes

    def _noise(
        self, chunk: Chunk, fields: Sequence[dict[str, Any]], notes: Notes
    ) -> list[NoisedMask]:
        """What becomes of each annotation: natively as far as that goes, the others after them."""
        outcomes: list[NoisedMask | None] = [None] * len(fields)
        if self.native and not self.may_empty and usable():
            outcomes = noise_natively(self.noises, self.seed, self.dilation_ratio, chunk, fields)
        left = [i for i, outcome in enumerate(outcomes) if outcome is None]
        if left:
            others = self.noise_plainly(chunk.part(left), [fields[i] for i in left], notes)
            for i, outcome in zip(left, others, strict=True):
                outcomes[i] = outcome
        return [outcome for outcome in outcomes if outcome is not None]

    def noise_plainly(
        self, chunk: Chunk, fields: Sequence[dict[str, Any]], notes: Notes
    ) -> list[NoisedMask]:
        """The same by Python, OpenCV and pycocotools alone."""
        clean = self._read(chunk, fields, notes)
        outcomes = noise_masks(self, chunk, clean, fields)
        noise_boxes(self.noises, self.seed, self.file_name, chunk, fields, outcomes)
        for outcome, rle in zip(outcomes, clean, strict=True):
            if outcome.clean is None and rle is not None:
                outcome.clean = measure(rle)
            outcome.changed = outcome.rle is not rle or outcome.box is not outcome.clean_box
        return outcomes

    def _read(
        self, chunk: Chunk, fields: Sequence[dict[str, Any]], notes: Notes
    ) -> list[Rle | None]:
        """The clean masks; None for an annotation without one."""
        rows = [i for i, one in enumerate(fields) if has_mask(one.get("segmentation"))]

        def fault(place: int, reason: str) -> Exception:
            return annotation_fault(self.file_name, chunk.annotation_ids[rows[place]], reason)

        def note(place: int, kind: str) -> None:
            notes.append((kind, chunk.annotation_ids[rows[place]]))

        masks: list[Rle | None] = [None] * len(fields)
        sizes = [chunk.sizes[i] for i in rows]
        found = read_masks([fields[i] for i in rows], sizes, fault, note)
        for i, rle in zip(rows, found, strict=True):
            masks[i] = rle
        return masks

    def _write(
        self,
        chunk: Chunk,
        index: int,
        fields: dict[str, Any],
        outcome: NoisedMask,
        touched: bool,
        clean: tuple[int, list[int]],
        noisy: tuple[int, list[int]],
    ) -> bytes:
        identity = {"id": chunk.published_ids[index]}
        if chunk.crowd[index] or (self.masks == "keep" and not touched):
            return join_record(fields, identity)
        category = chunk.noisy_category_ids[index]
        if outcome.rle is None:
            assert outcome.box is not None
            return outcome.box.encoded(fields, category, chunk.published_ids[index])
        return encode_record(
            fields,
            outcome.rle,
            category,
            area=noisy[0],
            bbox=clean[1] if self.keep_boxes else noisy[1],
            masks="rle" if self.masks == "keep" else self.masks,
            keep_box=self.keep_boxes,
            changes=identity,
        )


def noise_masks(
    engine: Engine,
    chunk: Chunk,
    clean: Sequence[Rle | None],
    fields: Sequence[Mapping[str, Any]],
) -> list[NoisedMask]:
    """What becomes of each mask of the chunk."""
    drawn = [noise for noise in engine.noises if isinstance(noise, DrawnNoise)]
    struck = [[column[i] for column in chunk.drawn] for i in range(len(clean))]
    outcomes = [NoisedMask(start or rle) for start, rle in zip(chunk.starts, clean, strict=True)]
    work = []
    for i, hits in enumerate(struck):
        if any(hits) and chunk.deleted[i]:
            outcomes[i].reasons = ["deleted" if hit else None for hit in hits]
        elif (any(hits) and clean[i] is not None) or chunk.starts[i] is not None:
            work.append(i)
    changed: list[tuple[NoisedMask, CropMask]] = []
    pixels = 0
    crops = rles_to_crops([rle for i in work if (rle := clean[i]) is not None])
    for i, mask in zip(work, crops, strict=True):
        streams = [
            Stream(engine.seed, noise.name, chunk.annotation_ids[i]) if hit else None
            for noise, hit in zip(drawn, struck[i], strict=True)
        ]
        start = chunk.starts[i]
        shape = (
            Shape(mask, _polygons(drawn, streams, fields[i]))
            if start is None
            else Shape(rle_to_crop(start).tight())
        )
        noisy = noise_shape(drawn, streams, shape, outcomes[i], may_empty=engine.may_empty)
        distance = boundary_distance(*chunk.sizes[i], engine.dilation_ratio)
        compare_masks(outcomes[i], mask, noisy, distance)
        if outcomes[i].iou < 1:
            changed.append((outcomes[i], noisy))
            pixels += noisy.pixels.size
        if pixels > _MOST_PIXELS:
            _encode(changed)
            changed, pixels = [], 0
    _encode(changed)
    return outcomes


def _encode(changed: Sequence[tuple[NoisedMask, CropMask]]) -> None:
    """Put the RLEs of changed masks into their outcomes."""
    rles = crops_to_rles([crop for _, crop in changed])
    for (outcome, _), rle in zip(changed, rles, strict=True):
        outcome.rle = rle


def _polygons(
    noises: Sequence[DrawnNoise], streams: Sequence[Stream | None], fields: Mapping[str, Any]
) -> tuple[Part, ...] | None:
    """The annotation's polygons, where a noise that strikes it goes by them and it has any."""
    struck = [noise for noise, stream in zip(noises, streams, strict=True) if stream is not None]
    if not any(isinstance(noise, SpatialNoise) and noise.uses_polygons for noise in struck):
        return None
    polygons = read_polygons(fields)
    return None if polygons is None else tuple([polygon] for polygon in polygons)
