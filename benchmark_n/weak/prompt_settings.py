"""How prompts are made: the section ``prompt`` of a weak recipe."""

from __future__ import annotations

import math
from dataclasses import dataclass

from benchmark_n.errors import InputError
from benchmark_n.weak.segmenters.base import PARTS

KINDS = (*PARTS, "text")
POINTS = ("mask-centre", "box-centre")
UNITS = ("share", "px")
_MOST_CELLS = 256


@dataclass(frozen=True)
class PromptSettings:
    """How prompts are made of clean annotations.

    Parameters
    ----------
    kind
        ``"box"``, ``"point"`` or ``"mask"``, several joined by ``+``; or ``"text"``: the
        category's name, which a grounding model turns into boxes.
    noisy
        A random pixel of the mask instead of the point, and noise on one corner of the box.
    point
        ``"mask-centre"``: the pixel farthest from the mask's border; ``"box-centre"``.
    corner_sigma, corner_unit
        Standard deviation of the corner's noise, as a ``"share"`` of the box's sides, or ``"px"``.
    cells
        A mask prompt is a sketch of cells x cells in the instance's box.
    box_threshold, nms_iou
        Least score of a text prompt's box, and the IoU above which the lower of two boxes goes.
    least_iou
        Below this IoU a text prompt's box is not the instance's.
    """

    kind: str
    noisy: bool = False
    point: str = "mask-centre"
    corner_sigma: float = 0.1
    corner_unit: str = "share"
    cells: int = 8
    box_threshold: float = 0.25
    nms_iou: float = 0.8
    least_iou: float = 0.5

    def __post_init__(self) -> None:
        _require(
            self.kind == "text" or (bool(self.parts) and set(self.parts) <= set(PARTS)),
            "kind",
            self.kind,
            f"one of {', '.join(KINDS)}, or some of the first three joined by +",
        )
        _require(self.point in POINTS, "point", self.point, f"one of {', '.join(POINTS)}")
        _require(
            self.corner_unit in UNITS, "corner_unit", self.corner_unit, f"one of {', '.join(UNITS)}"
        )
        _require(0 <= self.corner_sigma < math.inf, "corner_sigma", self.corner_sigma, "0 or more")
        _require(1 <= self.cells <= _MOST_CELLS, "cells", self.cells, f"from 1 to {_MOST_CELLS}")
        for name in ("box_threshold", "nms_iou", "least_iou"):
            value = getattr(self, name)
            _require(0 <= value <= 1, name, value, "a number from 0 to 1")

    @property
    def parts(self) -> tuple[str, ...]:
        """What a prompt consists of when it reaches the segmenter; a text's boxes are boxes."""
        return ("box",) if self.kind == "text" else tuple(sorted(set(self.kind.split("+"))))


def _require(valid: bool, parameter: str, value: object, expected: str) -> None:
    if not valid:
        raise InputError(f"prompt.{parameter} is {value!r}, expected {expected}")
