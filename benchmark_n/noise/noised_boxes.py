"""What becomes of annotations without a mask: their boxes are noised, and no mask is made up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmark_n.coco.boxes import BoxError, RecordBox, box_iou, read_box
from benchmark_n.errors import InputError, annotation_fault
from benchmark_n.noise.base import BoxNoise, DrawnNoise, Noise, NotApplied
from benchmark_n.noise.chunks import Chunk
from benchmark_n.noise.noised_chunk import NoisedMask
from benchmark_n.runtime.random_streams import Stream

Fields = Mapping[str, Any]


def noise_boxes(
    noises: Sequence[Noise],
    seed: int,
    file_name: str,
    chunk: Chunk,
    fields: Sequence[Fields],
    outcomes: Sequence[NoisedMask],
) -> None:
    """Put boxes, draws and reasons into the outcomes of the annotations without a mask.

    Raises
    ------
    InputError
        One of them has no box either, or one that is none of its image.
    """
    drawn = [noise for noise in noises if isinstance(noise, DrawnNoise)]
    for i, outcome in enumerate(outcomes):
        if outcome.rle is not None:
            continue
        height, width = chunk.sizes[i]
        try:
            box = read_box(fields[i], height, width)
        except BoxError as fault:
            raise annotation_fault(file_name, chunk.annotation_ids[i], str(fault)) from None
        outcome.clean_box = outcome.box = box
        outcome.clean, outcome.boundary_iou = box.measured, None
        hits = [column[i] for column in chunk.drawn]
        if chunk.deleted[i] or not any(hits):
            continue
        struck = [noise if hit else None for noise, hit in zip(drawn, hits, strict=True)]
        _noise_box(struck, seed, chunk.annotation_ids[i], (height, width), outcome)
        if outcome.box.bbox == box.bbox:
            outcome.box = box
        outcome.iou = box_iou(box.corners, outcome.box.corners)
        outcome.noisy = outcome.box.measured


def _noise_box(
    noises: Sequence[DrawnNoise | None],
    seed: int,
    annotation_id: int,
    size: tuple[int, int],
    outcome: NoisedMask,
) -> None:
    """Apply the noises in turn; one that is None was not drawn."""
    draws: list[dict[str, Any] | None] = []
    reasons: list[str | None] = []
    for noise in noises:
        parameters = reason = None
        if isinstance(noise, BoxNoise):
            assert outcome.box is not None
            parameters = noise.draw(Stream(seed, noise.name, annotation_id))
            outcome.box, reason = _apply(noise, outcome.box, parameters, size)
        elif noise is not None:
            reason = "no_mask"
        draws.append(parameters)
        reasons.append(reason)
    outcome.drawn, outcome.reasons = draws, reasons


def _apply(
    noise: BoxNoise, box: RecordBox, drawn: dict[str, Any], size: tuple[int, int]
) -> tuple[RecordBox, str | None]:
    """The noisy box, or the old one and the reason."""
    try:
        return noise.apply(box, drawn, *size), None
    except NotApplied as reason:
        return box, str(reason)
    except Exception as error:
        raise InputError(f"noise {noise.name} failed: {error}") from error
