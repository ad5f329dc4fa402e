"""Masks made worse by smooth changes that keep their shape: what the regressor is fitted on.

None of them is an operator of the benchmark's tiers (approximation, localization, scale): an
outline drawn a second time, more or less carelessly and with more or fewer vertices; a shift; the
mask of another object in the place of this one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from benchmark_n.detectors.quality_sentinel.degrade import KINDS, LEAST_AREA, redrawn
from benchmark_n.masks import CropMask
from benchmark_n.masks.boundary import boundary_distance, mask_and_boundary_iou
from benchmark_n.runtime.random_streams import Stream

# (least, greatest) strength of a second drawing, px for a mask of 1 px²; vertices as a multiple of
# those that describe the outline; shift as a share of the square root of the area.
STRENGTHS, CLICKS, SHIFTS = (0.02, 1.5), (0.25, 1.5), (0.02, 0.5)
SPOILT_KINDS = ("contour", "shift", "pasted")


@dataclass(frozen=True)
class Spoilt:
    """A worse mask, how it was made, and its IoU and boundary IoU with the mask that it was."""

    mask: CropMask
    kind: str
    iou: float
    boundary_iou: float


def spoil(mask: CropMask, kind: str, other: CropMask, stream: Stream) -> Spoilt | None:
    """A worse mask; None where nothing large enough came out.

    Parameters
    ----------
    kind
        One of `SPOILT_KINDS`.
    other
        The mask of another object, which is what ``pasted`` pastes.
    stream
        Its draws decide everything.
    """
    if kind == "contour":
        strength = _between(*STRENGTHS, stream.uniform("strength"))
        worse = redrawn(mask, strength, _between(*CLICKS, stream.uniform("density")), stream)
    elif kind == "shift":
        length = _between(*SHIFTS, stream.uniform("length")) * math.sqrt(mask.area)
        rng = np.random.default_rng(stream.integer("way"))
        worse = KINDS["shift"](mask, length, rng).tight()
    else:
        worse = _pasted(mask, other)
    if worse is None or worse.area < LEAST_AREA:
        return None
    distance = boundary_distance(mask.height, mask.width)
    return Spoilt(worse, kind, *mask_and_boundary_iou(worse, mask, distance))


def _between(low: float, high: float, place: float) -> float:
    """A number between two others, evenly spread by its logarithm."""
    return low * math.exp(place * math.log(high / low))


def _pasted(mask: CropMask, other: CropMask) -> CropMask | None:
    """Another object's mask, stretched to the box of this one."""
    if not other.area:
        return None
    h, w = mask.pixels.shape
    stretched = cv2.resize(other.pixels * 255, (w, h), interpolation=cv2.INTER_LINEAR)
    pixels = np.ascontiguousarray(stretched > 127).view(np.uint8)
    return CropMask(pixels, mask.x, mask.y, mask.height, mask.width).tight()
