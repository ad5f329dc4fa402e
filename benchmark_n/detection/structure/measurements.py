"""What the rules read: measures of each annotation, and of pairs in one image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Of all pairs in an image, those that overlap as much as this are kept: by IoU, or by the share
# of the smaller one that lies in the other.
LEAST_IOU, LEAST_INSIDE = 0.3, 0.7
# Share of a mask that the smaller side has at least, where two sides are meant, or any part.
LEAST_SIDES = (0.1, 0.0)
# Annotations of `Measurements` column by column, in its order.
COLUMNS = (
    *("area", "x", "y", "width", "height", "given_area"),
    *("given_x", "given_y", "given_width", "given_height"),
    *("vertices", "outline_area", "outline_fill", "crossing", "beyond"),
    *("outline_x", "outline_y", "outline_width", "outline_height"),
    *("parts", "smallest_part", "thickness", "border_share"),
    *("gap", "small_side", "covered", "stray_gap", "stray_area", "stray_covered"),
)


@dataclass(frozen=True)
class Pairs:
    """P pairs of annotations of one image that overlap much.

    Parameters
    ----------
    first, second
        int64 (P,): places in the file, the first before the second.
    iou
        float64 (P,): of the masks, or of the boxes where neither has a mask.
    moved_iou
        float64 (P,): of the masks once their boxes' centres are laid on one another, to the pixel.
    inside
        float64 (P,): share of the smaller one that lies in the other.
    """

    first: Ints
    second: Ints
    iou: Floats
    moved_iou: Floats
    inside: Floats


@dataclass(frozen=True)
class Measurements:
    """Measures of the N annotations of a file.

    Parameters
    ----------
    coco
        The file.
    masked
        bool (N,): which have a mask of at least one pixel.
    pairs
        The pairs that overlap much, crowds left out.
    columns
        float64 (N,) each, NaN where there is nothing to measure:

        ==================  ====================================================================
        name                meaning
        ==================  ====================================================================
        area                pixels of the mask, px²
        x, y, width, height box of the mask, px
        given_area          ``area`` of the record, px²
        given_x, …          ``bbox`` of the record, px
        vertices            different points of the largest polygon; NaN of RLEs
        outline_area        sum of the polygons' areas, px²; NaN of RLEs
        outline_x, …        box of the polygons' points, px; NaN of RLEs
        outline_fill        share that a single polygon has of its own box; NaN of RLEs
        crossing            how much a polygon crosses itself, see `crossing_share`; NaN of RLEs
        beyond              how far polygons or box leave the image, px
        parts               8-connected parts of the mask
        smallest_part       pixels of the smallest one
        thickness           diameter of the largest disc in the mask, px
        border_share        share of the pixels that are among the two outermost of the image
        gap                 widest gap that cuts the polygons, or the parts of an RLE, in two sides
                            of a tenth of the area or more, px
        small_side          area of the smaller side, px²
        covered             share of the way across the gap that other annotations cover
        stray_gap, …        the same, whatever the smaller side has
        ==================  ====================================================================
    """

    coco: CocoFile
    masked: NDArray[np.bool_]
    pairs: Pairs
    columns: Mapping[str, Floats]

    def __getitem__(self, name: str) -> Floats:
        return self.columns[name]

    def __len__(self) -> int:
        return len(self.coco)

    @property
    def instances(self) -> NDArray[np.bool_]:
        """Which are neither crowds nor without a mask; bool (N,)."""
        return self.masked & ~self.coco.crowd

    @property
    def extent(self) -> Floats:
        """Area of each mask, or of the box where there is no mask, px²; float64 (N,)."""
        boxes = self["given_width"] * self["given_height"]
        return np.where(self.masked, self["area"], boxes)

    @property
    def fill(self) -> Floats:
        """Share that each mask has of its own box, 0 to 1."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return self["area"] / (self["width"] * self["height"])
