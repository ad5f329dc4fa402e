"""Merge: neighbours of one category drawn as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.masks import CropMask, intersection_area
from benchmark_n.noise.base import Kind, Noise
from benchmark_n.runtime.random_streams import Stream


@dataclass(frozen=True)
class Merge(Noise):
    """An instance and a neighbour of its category become one annotation.

    A neighbour of its own may be merged with one further on: all of them are one then.

    Parameters
    ----------
    probability
        Chance that an instance that has neighbours is drawn together with one of them, each alike.
    gap
        Largest distance of neighbours along both axes, px: 0 where they have to overlap, 1 where
        they may touch.

    Examples
    --------
    >>> row = [CropMask.from_full(np.eye(9)[[place]]) for place in (0, 2, 8)]  # columns 0, 2 and 8
    >>> Merge(1.0, gap=2).partner(0, identity=7, masks=row, seed=1)  # the only one within 2 px
    1
    >>> Merge(1.0, gap=1).partner(0, identity=7, masks=row, seed=1) is None
    True
    """

    name: ClassVar[str] = "merge"
    kind: ClassVar[Kind] = "event"

    gap: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(0 <= self.gap <= 100, "gap", "0 to 100 px")

    def partner(
        self, place: int, identity: int, masks: Sequence[CropMask], seed: int
    ) -> int | None:
        """Place of the neighbour that goes with the mask at `place`; None where it has none.

        Parameters
        ----------
        identity
            Id of the annotation, which keys the draw.
        masks
            Of the image's instances of one category, in the order of their ids.
        """
        own = reach(masks[place], self.gap)
        near = [
            other
            for other in _boxes_meet(own, masks)
            if other != place and intersection_area(own, masks[other])
        ]
        if not near:
            return None
        return near[Stream(seed, self.name, identity).hash("pick") % len(near)]


def reach(mask: CropMask, gap: int) -> CropMask:
    """All pixels of the image within `gap` px of the mask along both axes."""
    if not gap or not mask.pixels.size:
        return mask
    grown = mask.grown(gap)
    square = np.ones((2 * gap + 1, 2 * gap + 1), np.uint8)
    return replace(grown, pixels=np.asarray(cv2.dilate(grown.pixels, square), np.uint8))


def _boxes_meet(own: CropMask, masks: Sequence[CropMask]) -> list[int]:
    boxes = np.array([mask.bbox for mask in masks], np.int64)
    x, y, w, h = own.bbox
    left, top, right, bottom = boxes[:, 0], boxes[:, 1], boxes[:, 0], boxes[:, 1]
    right, bottom = right + boxes[:, 2], bottom + boxes[:, 3]
    meet = (left < x + w) & (x < right) & (top < y + h) & (y < bottom)
    return np.flatnonzero(meet).tolist()


def union(masks: Sequence[CropMask]) -> CropMask:
    """The pixels of all masks, which lie in one image, in a tight crop.

    Examples
    --------
    >>> left = CropMask.from_full(np.array([[1, 0, 0]]))
    >>> union([left, CropMask.from_full(np.array([[0, 0, 1]]))]).full().tolist()
    [[1, 0, 1]]
    """
    return reduce(_both, masks).tight()


def _both(a: CropMask, b: CropMask) -> CropMask:
    corners = [(m.x, m.y, m.x + m.pixels.shape[1], m.y + m.pixels.shape[0]) for m in (a, b)]
    (left, top), (right, bottom) = (
        (min(one[k] for one in corners) for k in (0, 1)),
        (max(one[k] for one in corners) for k in (2, 3)),
    )
    windows: list[NDArray[np.uint8]] = [m.window(left, top, right, bottom).pixels for m in (a, b)]
    return replace(a, pixels=windows[0] | windows[1], x=left, y=top)


def components(links: Sequence[tuple[int, int]]) -> list[tuple[int, ...]]:
    """Groups of what is linked with one another, each ascending, by their first.

    Examples
    --------
    >>> components([(4, 1), (2, 3), (1, 0)])
    [(0, 1, 4), (2, 3)]
    """
    group: dict[int, set[int]] = {}
    for a, b in links:
        both = group.setdefault(a, {a}) | group.setdefault(b, {b})
        group.update(dict.fromkeys(both, both))
    # Members of a group share one set.
    groups = {id(members): members for members in group.values()}
    return sorted(tuple(sorted(members)) for members in groups.values())
