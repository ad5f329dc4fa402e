"""What becomes of one mask: the noises in turn, and how far it is then from the clean one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from benchmark_n.errors import InputError
from benchmark_n.masks import CropMask
from benchmark_n.masks.boundary import mask_and_boundary_iou
from benchmark_n.masks.shape import Shape
from benchmark_n.noise.base import Drawn, DrawnNoise, NotApplied, SpatialNoise
from benchmark_n.noise.manifest_rows import NoisedMask
from benchmark_n.runtime.random_streams import Stream


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
