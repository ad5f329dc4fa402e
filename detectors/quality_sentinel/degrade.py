"""Masks made worse by the noise engine's spatial noises, at severities without tiers.

The severity is a length in units of the square root of the mask's area, so that masks of all sizes
lose the same share. Among a few drawn severities that one is kept whose Dice coefficient is nearest
to a drawn target: the coefficients of many masks are then spread evenly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmark_n.masks import CropMask, intersection_area
from benchmark_n.noise.approximation import Approximation
from benchmark_n.noise.base import NotApplied
from benchmark_n.noise.contour import Contour
from benchmark_n.noise.localization import Localization
from benchmark_n.noise.opening import Opening
from benchmark_n.noise.scale import Scale
from benchmark_n.noise.shift import Shift
from benchmark_n.runtime.random_streams import Stream

LEAST_AREA = 12
# (low, high) severities; the kinds of the second line are kept out of training.
_SEVERITIES = (0.004, 0.5)
_CANDIDATES = 10
_LOW_SHARE = 0.1
# Of a second drawing: exponent of the area by which its errors grow, length of its waves as a share
# of the square root of the area, and probability and size of a part left out or taken in.
_GROWTH, _WAVE, _PART = 0.25, 0.15, 0.15

Degrade = Callable[[CropMask, float, np.random.Generator], CropMask]


@dataclass(frozen=True)
class Degraded:
    """A worse mask: its kind, and its Dice coefficient with the mask it was made from."""

    mask: CropMask
    kind: str
    dsc: float


def dice(a: CropMask, b: CropMask) -> float:
    """Dice coefficient of two masks over the whole image; 1 when both are empty."""
    total = a.area + b.area
    return 2 * intersection_area(a, b) / total if total else 1.0


def draw_target(rng: np.random.Generator) -> float:
    """A Dice coefficient: uniform from .5 to 1, one in ten from .1 to .5."""
    low = rng.random() < _LOW_SHARE
    return float(rng.uniform(0.1, 0.5) if low else rng.uniform(0.5, 1.0))


def draw_degraded(
    mask: CropMask, kinds: Sequence[str], rng: np.random.Generator
) -> Degraded | None:
    """A worse mask of a kind drawn from `kinds`; None where nothing that is large enough came out.

    Raises
    ------
    KeyError
        A kind that is not one of `KINDS`.
    """
    kind = kinds[int(rng.integers(len(kinds)))]
    target = draw_target(rng)
    low, high = (math.log(value) for value in _SEVERITIES)
    unit = math.sqrt(mask.area)
    best: Degraded | None = None
    for severity in np.exp(rng.uniform(low, high, _CANDIDATES)).tolist():
        try:
            worse = KINDS[kind](mask, severity * unit, rng)
        except NotApplied:
            continue
        if worse.area < LEAST_AREA:
            continue
        found = Degraded(worse.tight(), kind, dice(worse, mask))
        if best is None or abs(found.dsc - target) < abs(best.dsc - target):
            best = found
    return best


def redrawn(mask: CropMask, strength: float, clicks: float, stream: Stream) -> CropMask | None:
    """The mask as another hand draws it, by smooth changes; None where nothing is left.

    Parameters
    ----------
    strength
        Offset, shift and wave of the outline, px, for a mask of 1 px²; they grow with the fourth
        root of the area.
    clicks
        Vertices drawn, as a multiple of those that describe the outline.
    """
    noise = Contour(
        probability=1,
        offset_sd=strength,
        shift_sd=strength / 2,
        roughness=strength,
        growth=_GROWTH,
        length=_WAVE,
        length_growth=0.5,
        clicks=clicks,
        part=_PART,
        part_size=_PART,
    )
    try:
        worse = noise.apply(mask, noise.draw(stream))
    except NotApplied:
        return None
    return worse.tight() if worse.area >= LEAST_AREA else None


def _approximate(mask: CropMask, length: float, rng: np.random.Generator) -> CropMask:
    noise = Approximation(probability=1, tolerance=length)
    return noise.apply(mask, {"tolerance": length})


def _localize(mask: CropMask, length: float, rng: np.random.Generator) -> CropMask:
    noise = Localization(probability=1, sigma=length)
    return noise.apply(mask, {"sigma": length, "seed": int(rng.integers(2**62))})


def _resize(operation: str) -> Degrade:
    def apply(mask: CropMask, length: float, rng: np.random.Generator) -> CropMask:
        kernel = _odd(length)
        drawn = {"operation": operation, "kernel": kernel}
        return Scale(probability=1, kernel=kernel).apply(mask, drawn)

    return apply


def _combine(mask: CropMask, length: float, rng: np.random.Generator) -> CropMask:
    """Approximation, localization and scale in the order of the recipes, each with a share."""
    first, second, third = rng.dirichlet(np.ones(3)) * length
    mask = _approximate(mask, float(first), rng)
    mask = _localize(mask, float(second), rng)
    return _resize("dilate" if rng.random() < 0.5 else "erode")(mask, float(third), rng)


def _open(mask: CropMask, length: float, rng: np.random.Generator) -> CropMask:
    return Opening(probability=1, kernel=_odd(2 * length)).apply(mask, {})


def _shift(mask: CropMask, length: float, rng: np.random.Generator) -> CropMask:
    dx, dy = (round(length * value) for value in rng.uniform(-1, 1, 2))
    return Shift(probability=1, distance=0).apply(mask, {"dx": dx, "dy": dy})


def _odd(length: float) -> int:
    return 2 * round(length / 2) + 1


KINDS: dict[str, Degrade] = {
    "approximation": _approximate,
    "localization": _localize,
    "dilation": _resize("dilate"),
    "erosion": _resize("erode"),
    "combination": _combine,
    "opening": _open,
    "shift": _shift,
}
TRAINING_KINDS = ("approximation", "localization", "dilation", "erosion", "combination")
