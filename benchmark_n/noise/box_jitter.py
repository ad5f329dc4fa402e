"""Box jitter: boxes drawn beside the object, too large or too small."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from benchmark_n.coco.boxes import RecordBox
from benchmark_n.noise.base import BoxNoise, Drawn, NotApplied
from benchmark_n.runtime.random_streams import Stream


@dataclass(frozen=True)
class BoxJitter(BoxNoise):
    """The centre of a box moves, and its sides change, by shares of the sides.

    Each axis for itself: the centre by U(-shift, shift) times the side, the side by the factor
    1 + U(-scale, scale). The box is cut at the image's border, or where the clean one ends, if that
    reaches beyond it; its numbers keep the precision of the file's.

    Parameters
    ----------
    shift
        Most that the centre moves along an axis, as a share of the side, 0 to 1.
    scale
        Most that a side grows or shrinks, as a share of it, 0 to less than 1.

    References
    ----------
    .. [1] Liu, Wang, Lu, Cao, Zhang: Robust Object Detection With Inaccurate Bounding Boxes, ECCV
           2022, and the code that its authors released.

    Examples
    --------
    >>> noise = BoxJitter(1.0, shift=0.5, scale=0.2)
    >>> drawn = {"dx": 0.5, "dy": 0.0, "width_factor": 1.0, "height_factor": 1.2}
    >>> noise.apply(RecordBox((10, 20, 40, 50)), drawn, height=200, width=200).bbox
    (30, 15, 40, 60)
    """

    name: ClassVar[str] = "box_jitter"
    columns: ClassVar[Mapping[str, str]] = {
        "dx": "double",
        "dy": "double",
        "width_factor": "double",
        "height_factor": "double",
    }

    shift: float
    scale: float

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(0 <= self.shift <= 1, "shift", "0 to 1, a share of the side")
        self.require(0 <= self.scale < 1, "scale", "0 to less than 1, a share of the side")

    def draw(self, stream: Stream) -> Drawn:
        shifts = {axis: self.shift * (2 * stream.uniform(axis) - 1) for axis in ("dx", "dy")}
        factors = {
            name: 1 + self.scale * (2 * stream.uniform(name) - 1)
            for name in ("width_factor", "height_factor")
        }
        return {**shifts, **factors}

    def apply(self, box: RecordBox, drawn: Drawn, height: int, width: int) -> RecordBox:
        x, y, w, h = box.bbox
        if not (w and h):
            raise NotApplied("empty_box")
        left, right = _moved(x, w, drawn["dx"], drawn["width_factor"], width)
        top, bottom = _moved(y, h, drawn["dy"], drawn["height_factor"], height)
        if left >= right or top >= bottom:
            raise NotApplied("would_empty")
        noisy = box.moved((left, top, right, bottom))
        if min(noisy.bbox[2:]) <= 0:
            raise NotApplied("would_empty")
        return noisy


def _moved(
    start: float, side: float, shift: float, factor: float, length: int
) -> tuple[float, float]:
    """Both ends of a side along an axis of the image that is `length` px long."""
    centre = start + side / 2 + shift * side
    half = factor * side / 2
    return max(centre - half, min(0, start)), min(centre + half, max(length, start + side))
