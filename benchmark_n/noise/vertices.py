"""What noises of vertices have in common: which vertices they go by, and how these are filled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from numpy.typing import NDArray

from benchmark_n.masks import CropMask
from benchmark_n.masks.contours import fill_contours, find_contours
from benchmark_n.masks.shape import Shape
from benchmark_n.noise.base import Drawn, NotApplied, SpatialNoise

# A contour, int32 (V, 1, 2), or an outline, float64 (V, 2); None where nothing is left of it.
Redraw = Callable[[NDArray[Any]], NDArray[Any] | None]
Contours = Literal["all", "outer"]
Vertices = Literal["contour", "polygon"]


class VertexNoise(SpatialNoise):
    """A noise that redraws outlines, one after the other.

    Its classes have two parameters in common: `contours`, which of a mask's contours are traced,
    and `vertices`, whether these are redrawn or the annotation's polygons.
    """

    contours: Contours
    vertices: Vertices

    @property
    def uses_polygons(self) -> bool:
        return self.vertices == "polygon"

    def check_outlines(self) -> None:
        """Refuse values that `contours` and `vertices` cannot have."""
        self.require(self.contours in ("all", "outer"), "contours", "'all' or 'outer'")
        self.require(self.vertices in ("contour", "polygon"), "vertices", "'contour' or 'polygon'")

    def redraw(self, drawn: Drawn) -> Redraw:
        """What is done to each outline in turn."""
        raise NotImplementedError

    @property
    def keeps_short(self) -> bool:
        """Whether an outline of which nothing is left stays as it is; else it vanishes."""
        return True

    def apply(self, mask: CropMask, drawn: Drawn) -> CropMask:
        return self.reshape(Shape(mask), drawn).mask

    def reshape(self, shape: Shape, drawn: Drawn) -> Shape:
        own = self.vertices == "polygon"
        mask, redraw = shape.mask, self.redraw(drawn)
        parts: Sequence[Sequence[NDArray[Any]]] = (
            shape.outlines() if own else find_contours(mask, holes=self.contours == "all")
        )
        redrawn: list[list[NDArray[Any] | None]] = [
            [redraw(each) for each in part] for part in parts
        ]
        if self.keeps_short:
            if all(new is None for part in redrawn for new in part):
                raise NotApplied("too_few_vertices")
            for part, news in zip(parts, redrawn, strict=True):
                news[:] = [old if new is None else new for old, new in zip(part, news, strict=True)]
        # Without its outline a part is gone, whatever its holes are.
        kept = [
            [ring for ring in part if ring is not None] for part in redrawn if part[0] is not None
        ]
        if own:
            return Shape.filled(kept, mask.height, mask.width)
        return Shape(fill_contours(kept, mask.height, mask.width))
