"""Apply a recipe's noises to a chunk: raw records in, noisy records and manifest rows out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmark_n.coco.annotation_masks import (
    MaskForm,
    encode_record,
    has_mask,
    measure,
    read_masks,
)
from benchmark_n.coco.records import join_record, split_record
from benchmark_n.errors import annotation_fault
from benchmark_n.masks import Rle
from benchmark_n.noise.base import Noise
from benchmark_n.noise.chunks import Chunk
from benchmark_n.noise.manifest_rows import Values, manifest_columns
from benchmark_n.noise.native import noise_natively
from benchmark_n.noise.native_check import usable
from benchmark_n.noise.noised_boxes import noise_boxes
from benchmark_n.noise.noised_chunk import NoisedChunk, NoisedMask
from benchmark_n.noise.noised_masks import noise_masks
from benchmark_n.tables.manifest_schema import SOURCE, Columns

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
        return records, {
            name: values.tolist() if isinstance(values, np.ndarray) else list(values)
            for name, values in columns.items()
        }

    def run(self, chunk: Chunk) -> tuple[list[bytes], Values, Notes]:
        """The same with numbers in arrays, and what of the masks was not read as it stands."""
        fields = [split_record(record) for record in chunk.records]
        notes: Notes = []
        noised = self._noise(chunk, fields, notes)
        pairs = zip(
            noised.changed.tolist(), chunk.noisy_category_ids, chunk.category_ids, strict=True
        )
        touched = [changed or new != old for changed, new, old in pairs]
        records = [
            self._write(chunk, i, fields[i], noised, touched[i], figures)
            for i, figures in enumerate(noised.figures.tolist())
            if not chunk.deleted[i]
        ]
        columns = manifest_columns(self.noises, chunk, noised)
        columns["clean_record"] = [
            raw if (new or gone) and origin == SOURCE else None
            for raw, new, gone, origin in zip(
                chunk.records, touched, chunk.deleted, chunk.origins, strict=True
            )
        ]
        return records, columns, notes

    def _noise(self, chunk: Chunk, fields: Sequence[dict[str, Any]], notes: Notes) -> NoisedChunk:
        """What becomes of each annotation: natively as far as that goes, the others after them."""
        if self.native and not self.may_empty and usable():
            noised, left = noise_natively(
                self.noises, self.seed, self.dilation_ratio, chunk, fields
            )
        else:
            noised = NoisedChunk.blank(len(fields), len(chunk.drawn))
            left = list(range(len(fields)))
        if left:
            others = self.noise_plainly(chunk.part(left), [fields[i] for i in left], notes)
            for place, mask in zip(left, others, strict=True):
                noised.put(place, mask)
        return noised

    def noise_plainly(
        self, chunk: Chunk, fields: Sequence[dict[str, Any]], notes: Notes
    ) -> list[NoisedMask]:
        """The same by Python, OpenCV and pycocotools alone."""
        clean = self._read(chunk, fields, notes)
        outcomes = noise_masks(
            *(self.noises, self.seed, self.dilation_ratio),
            *(chunk, clean, fields),
            may_empty=self.may_empty,
        )
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
        noised: NoisedChunk,
        touched: bool,
        figures: list[int],
    ) -> bytes:
        identity = {"id": chunk.published_ids[index]}
        if chunk.crowd[index] or (self.masks == "keep" and not touched):
            return join_record(fields, identity)
        category, rle = chunk.noisy_category_ids[index], noised.rles[index]
        if rle is None:
            return noised.boxes[index][1].encoded(fields, category, chunk.published_ids[index])
        return encode_record(
            fields,
            rle,
            category,
            area=figures[5],
            bbox=figures[1:5] if self.keep_boxes else figures[6:],
            masks="rle" if self.masks == "keep" else self.masks,
            keep_box=self.keep_boxes,
            changes=identity,
        )
