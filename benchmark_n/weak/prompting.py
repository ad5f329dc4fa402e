"""Which prompt each annotation gets, and what the manifest says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmark_n.masks import CropMask
from benchmark_n.runtime.random_streams import Stream
from benchmark_n.weak.prompt_settings import PromptSettings
from benchmark_n.weak.prompts import box_centre, mask_centre, move_corner, random_pixel, sketch
from benchmark_n.weak.segmenters.base import Box, Match, Prompt

STREAM = "weak"


@dataclass(frozen=True)
class AnnotationPrompt:
    """A prompt and its manifest columns (without ``weak_``), or the reason why there is none."""

    prompt: Prompt | None = None
    reason: str | None = None
    columns: dict[str, Any] = field(default_factory=dict)


def ask(
    settings: PromptSettings,
    seed: int,
    annotation_id: int,
    mask: CropMask,
    box: Box | None,
) -> AnnotationPrompt:
    """The prompt of one annotation, all draws from (seed, annotation id).

    Parameters
    ----------
    mask
        The clean mask, in its tight crop.
    box
        The box to start from, px; None if the annotation has none to prompt with.
    """
    if not mask.pixels.size:
        return AnnotationPrompt(reason="empty_mask")
    if box is None:
        return AnnotationPrompt(reason="no_prompt")
    stream = Stream(seed, STREAM, annotation_id)
    columns: dict[str, Any] = {"prompt": settings.kind}
    point = coarse = None
    if "point" in settings.parts:
        point = _point(settings, stream, mask, box)
        columns |= {"x": point[0], "y": point[1]}
    if "mask" in settings.parts:
        coarse = sketch(mask, settings.cells)
    if "box" not in settings.parts:
        return AnnotationPrompt(Prompt(None, point, coarse), None, columns)
    if settings.noisy:
        size = (mask.height, mask.width)
        moved = move_corner(box, stream, settings.corner_sigma, settings.corner_unit, *size)
        box, columns["corner"] = moved.box, moved.corner
    return AnnotationPrompt(Prompt(box, point, coarse), None, columns | box_values(box))


def _point(
    settings: PromptSettings, stream: Stream, mask: CropMask, box: Box
) -> tuple[float, float]:
    if settings.noisy:
        return random_pixel(mask, stream.uniform("pixel"))
    return mask_centre(mask) if settings.point == "mask-centre" else box_centre(box)


def box_values(box: Box) -> dict[str, float]:
    """A box as four columns."""
    return dict(zip(("box_x", "box_y", "box_width", "box_height"), box, strict=True))


def ask_by_text(
    matches: Sequence[Match | None], masks: Sequence[CropMask]
) -> list[AnnotationPrompt]:
    """The prompts of annotations whose category's name was looked for in the image."""
    asked = []
    for match, mask in zip(matches, masks, strict=True):
        if not mask.pixels.size:
            asked.append(AnnotationPrompt(reason="empty_mask"))
        elif match is None:
            asked.append(AnnotationPrompt(reason="not_detected"))
        else:
            asked.append(text_prompt(match))
    return asked


def text_prompt(match: Match) -> AnnotationPrompt:
    """The prompt of a box that a name led to."""
    columns = {"prompt": "text", "text": match.name, "box_score": match.score}
    return AnnotationPrompt(Prompt(match.box), None, columns | box_values(match.box))
