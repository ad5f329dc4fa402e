"""Contour noise: an outline drawn a second time, as another person would."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from benchmark_n.masks import CropMask
from benchmark_n.masks.distance import FARTHEST
from benchmark_n.noise.base import Drawn, NotApplied, SpatialNoise
from benchmark_n.noise.clicks import click, level_set, rim_clicks
from benchmark_n.noise.random_field import smooth_field
from benchmark_n.noise.redrawing import PASSES, Displacement, cut_rings, displaced, with_margin
from benchmark_n.runtime.random_streams import Stream

# Detail that a person's outline of the clean mask has, px; vertices are counted relative to it.
_DETAIL = 1.0
# Parts below this share of the largest are not drawn again.
_SMALLEST_PART, _FEWEST_PIXELS = 0.02, 1
_MARGIN = 3


@dataclass(frozen=True)
class Contour(SpatialNoise):
    """The outline moves by an offset, a shift and a smooth random field, and is clicked anew.

    An outline is the zero of the signed distance to the clean one, plus the offset, plus the
    field. All strengths are for a mask of 1 px² and grow as ``area ** growth``; a factor of each
    object, its quality, multiplies all but the mean offset.

    Parameters
    ----------
    offset_mean
        Mean of the constant offset, px; above 0 draws too wide.
    offset_sd
        Its standard deviation, px.
    tail
        Degrees of freedom of Student's t distribution of the offset, above 2.
    shift_sd
        Standard deviation of the shift along each axis, px.
    roughness
        Standard deviation of the random field, px.
    growth
        Exponent of the area by which offset, shift and roughness grow.
    length
        Correlation length of the field for a mask of 1 px², px.
    length_growth
        Exponent of the area by which the length grows.
    quality_sd
        Standard deviation of the logarithm of the quality, whose mean is 1.
    clicks
        Vertices drawn, as a multiple of those that describe the clean outline to within .6 px.
    clicks_growth
        Exponent of that number: below 1, detailed outlines are clicked less densely.
    clicks_sd
        Standard deviation of that factor's logarithm.
    evenness
        Share of the vertices that are set at even steps between the others, which are the
        outline's corners.
    smoothing
        How much of the clean outline's detail a smooth redrawing loses: radius of the smoothing
        as a multiple of the square root of the area.
    part
        Probability that a part of the object is left out or something beside it taken in.
    part_size
        Radius of such a part, as a multiple of the square root of the area.
    part_out
        Probability that the part is left out and not taken in.

    References
    ----------
    .. [1] Gupta, Dollár, Girshick: LVIS: A Dataset for Large Vocabulary Instance Segmentation,
           CVPR 2019 (Section 4.3: agreement of two annotators).

    Examples
    --------
    >>> import numpy as np
    >>> noise = Contour(1.0, offset_mean=2.0)
    >>> drawn = noise.draw(Stream(seed=1, name=noise.name, annotation_id=7))
    >>> drawn["offset"]  # px, the same for all where `offset_sd` is 0
    2.0
    >>> mask = CropMask.from_full(np.pad(np.ones((20, 20)), 9))
    >>> noise.apply(mask, drawn).bbox  # 2 px more on each side of (9, 9, 20, 20)
    (7, 7, 24, 24)
    """

    name: ClassVar[str] = "contour"
    columns: ClassVar[Mapping[str, str]] = {
        "seed": "int64",
        "offset": "double",
        "dx": "double",
        "dy": "double",
        "quality": "double",
        "clicks": "double",
        "part": "double",
        "part_at": "double",
    }

    offset_mean: float = 0.0
    offset_sd: float = 0.0
    tail: float = 4.0
    shift_sd: float = 0.0
    roughness: float = 0.0
    growth: float = 0.0
    length: float = 6.0
    length_growth: float = 0.0
    quality_sd: float = 0.0
    clicks: float = 1.0
    clicks_growth: float = 1.0
    clicks_sd: float = 0.0
    evenness: float = 0.0
    smoothing: float = 0.0
    part: float = 0.0
    part_size: float = 0.2
    part_out: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(abs(self.offset_mean) <= FARTHEST, "offset_mean", f"at most {FARTHEST} px")
        for name in ("offset_sd", "shift_sd", "roughness"):
            self.require(0 <= getattr(self, name) <= FARTHEST, name, f"0 to {FARTHEST} px")
        for name in ("growth", "length_growth"):
            self.require(-1 <= getattr(self, name) <= 1, name, "a number from -1 to 1")
        for name in ("quality_sd", "clicks_sd"):
            self.require(0 <= getattr(self, name) <= 3, name, "a number from 0 to 3")
        for name in ("part", "part_out", "smoothing", "part_size", "evenness"):
            self.require(0 <= getattr(self, name) <= 1, name, "a number from 0 to 1")
        self.require(2 < self.tail < math.inf, "tail", "more than 2")
        self.require(0 < self.length < math.inf, "length", "more than 0 px")
        self.require(0 < self.clicks < math.inf, "clicks", "more than 0")

    def draw(self, stream: Stream) -> Drawn:
        quality = math.exp(self.quality_sd * stream.normal("quality") - self.quality_sd**2 / 2)
        spread = self.offset_sd * quality * _student(stream, self.tail)
        sign = -1.0 if stream.uniform("part.sign") < self.part_out else 1.0
        size = sign * math.exp(0.5 * stream.normal("part.size"))
        return {
            "seed": stream.integer("field"),
            "offset": self.offset_mean + spread,
            "dx": self.shift_sd * quality * stream.normal("dx"),
            "dy": self.shift_sd * quality * stream.normal("dy"),
            "quality": quality,
            "clicks": self.clicks * math.exp(self.clicks_sd * stream.normal("clicks")),
            "part": size if stream.uniform("part") < self.part else 0.0,
            "part_at": stream.uniform("part.at"),
        }

    def apply(self, mask: CropMask, drawn: Drawn) -> CropMask:
        mask = mask.tight()
        area = mask.area
        if not area:
            raise NotApplied("empty_mask")
        scale = float(area) ** self.growth
        roughness = min(self.roughness * drawn["quality"] * scale, FARTHEST / 4)
        offset, *shift = (_bounded(drawn[name] * scale) for name in ("offset", "dx", "dy"))
        part = drawn["part"] * self.part_size * math.sqrt(area)
        reach = max(offset, 0) + max(map(abs, shift)) + 3.5 * roughness + max(part, 0)
        radius = min(round(self.smoothing * math.sqrt(area)), FARTHEST // 4)
        reach += PASSES * radius
        margin = math.ceil(min(reach, FARTHEST)) + _MARGIN
        pixels, left, top = with_margin(mask, margin)
        wanted = drawn["clicks"] * float(rim_clicks(pixels, _DETAIL)) ** self.clicks_growth
        field = None
        if roughness:
            length = self.length * float(area) ** self.length_growth
            field = smooth_field(drawn["seed"], pixels.shape, length, roughness)
        moved = Displacement(offset, part, drawn["part_at"], field)
        values = displaced(pixels, moved, radius)
        least = max(_FEWEST_PIXELS, _SMALLEST_PART * area)
        rings = click(level_set(values, least), max(wanted, 4), self.evenness)
        if not rings:
            raise NotApplied("nothing_drawn")
        return cut_rings(rings, shift, mask, (left, top))


def _student(stream: Stream, freedom: float) -> float:
    """Student's t of unit variance, by Bailey's polar method."""
    first, second = 1 - stream.uniform("offset"), stream.uniform("offset.angle")
    radius = math.sqrt(freedom * (first ** (-2 / freedom) - 1))
    return radius * math.cos(2 * math.pi * second) * math.sqrt((freedom - 2) / freedom)


def _bounded(pixels: float) -> float:
    return min(max(pixels, -FARTHEST), FARTHEST)
