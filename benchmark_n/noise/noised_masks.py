"""What becomes of masks: the noises in turn, and how far they are then from the clean ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from benchmark_n.coco.annotation_masks import read_polygons
from benchmark_n.errors import InputError
from benchmark_n.masks import CropMask, Rle, crops_to_rles, rle_to_crop, rles_to_crops
from benchmark_n.masks.boundary import boundary_distance, mask_and_boundary_iou
from benchmark_n.masks.shape import Part, Shape
from benchmark_n.noise.base import Drawn, DrawnNoise, Noise, NotApplied, SpatialNoise
from benchmark_n.noise.chunks import Chunk
from benchmark_n.noise.noised_chunk import NoisedMask
from benchmark_n.runtime.random_streams import Stream

# Noisy masks are encoded together, once they have this many pixels.
_MOST_PIXELS = 1 << 17


def noise_masks(
    noises: Sequence[Noise],
    seed: int,
    dilation_ratio: float,
    chunk: Chunk,
    clean: Sequence[Rle | None],
    fields: Sequence[Mapping[str, Any]],
    *,
    may_empty: bool = False,
) -> list[NoisedMask]:
    """What becomes of each mask of the chunk, `clean` its masks and `fields` its split records."""
    drawn = [noise for noise in noises if isinstance(noise, DrawnNoise)]
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
            Stream(seed, noise.name, chunk.annotation_ids[i]) if hit else None
            for noise, hit in zip(drawn, struck[i], strict=True)
        ]
        start = chunk.starts[i]
        shape = (
            Shape(mask, _polygons(drawn, streams, fields[i]))
            if start is None
            else Shape(rle_to_crop(start).tight())
        )
        noisy = noise_shape(drawn, streams, shape, outcomes[i], may_empty=may_empty)
        distance = boundary_distance(*chunk.sizes[i], dilation_ratio)
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


def noise_shape(
    noises: Sequence[DrawnNoise],
    streams: Sequence[Stream | None],
    shape: Shape,
    outcome: NoisedMask,
    *,
    may_empty: bool = False,
) -> CropMask:
    """The mask after the noises in turn; draws and reasons go into the outcome.

    Parameters
    ----------
    streams
        One a noise; None where the noise was not drawn.
    may_empty
        Whether a noise may leave a mask without a pixel.

    Raises
    ------
    InputError
        A noise failed.
    """
    if not shape.mask.pixels.size:
        shape = Shape(shape.mask)
    drawn: list[Drawn | None] = []
    reasons: list[str | None] = []
    for noise, stream in zip(noises, streams, strict=True):
        parameters = reason = None
        if stream is not None and isinstance(noise, SpatialNoise):
            parameters = noise.draw(stream)
            shape, reason = _apply(noise, shape, parameters, may_empty)
        elif stream is not None:
            reason = "has_mask"
        drawn.append(parameters)
        reasons.append(reason)
    outcome.drawn, outcome.reasons = drawn, reasons
    return shape.mask


def compare_masks(outcome: NoisedMask, clean: CropMask, noisy: CropMask, distance: int) -> None:
    """Put area, box, IoU and boundary IoU (band of `distance` px) into the outcome."""
    outcome.clean = _measure(clean)
    if noisy is not clean:
        outcome.iou, outcome.boundary_iou = mask_and_boundary_iou(clean, noisy, distance)
        outcome.noisy = _measure(noisy)


def _measure(tight: CropMask) -> tuple[int, list[int]]:
    """Area (px²) and box (px) of a mask in its tight crop."""
    if not tight.pixels.size:
        return 0, [0, 0, 0, 0]
    h, w = tight.pixels.shape
    return tight.area, [tight.x, tight.y, w, h]


def _apply(
    noise: SpatialNoise, shape: Shape, drawn: Drawn, may_empty: bool
) -> tuple[Shape, str | None]:
    """The noisy shape, or the old one and the reason."""
    if not (shape.mask.pixels.size or shape.parts):
        return shape, "empty_mask"
    try:
        noisy = noise.reshape(shape, drawn)
        noisy = replace(noisy, mask=noisy.mask.tight())
    except NotApplied as reason:
        return shape, str(reason)
    except Exception as error:
        raise InputError(f"noise {noise.name} failed: {error}") from error
    # Nobody draws nothing: by default no mask is emptied.
    return (noisy, None) if noisy.mask.pixels.size or may_empty else (shape, "would_empty")
