"""One annotation for several things, and parts that are no part of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from benchmark_n.detection.structure.measurements import Measurements
from benchmark_n.detection.structure.rules.base import Finding, Level, Rule, between


@dataclass(frozen=True)
class Merged(Rule):
    """Masks of two sides that are too far apart, or too close, to be one thing half hidden.

    What hides a thing leaves a gap about as wide as what is left of it, and is often annotated.
    Two sides are two things where the gap is wide beside the smaller side, the more so where
    nothing annotated lies in it; and where two polygons share a border, which nobody draws for
    one thing. The latter is not seen in RLEs, where they have grown together.

    Parameters
    ----------
    relative_gap, when_covered
        Gap in square roots of the smaller side's area, from which on the sides are two things
        where nothing annotated is between them; and what is added where it is covered from end
        to end.
    touching
        Gap, px, up to which two polygons share a border.
    least_area
        Area of the smaller side, px².
    """

    name: ClassVar[str] = "merged"
    finds: ClassVar[str] = "a mask of two large parts, far apart or side by side"
    advice: ClassVar[str] = "make an annotation of each part, unless one thing is half hidden"
    probability: ClassVar[tuple[float, float]] = (0.6, 0.95)

    relative_gap: float = 2.0
    when_covered: float = 0.5
    touching: float = 0.25
    least_area: float = 600.0

    def find(self, measured: Measurements) -> list[Finding]:
        gap, side, covered = (measured[name] for name in ("gap", "small_side", "covered"))
        with np.errstate(invalid="ignore"):
            relative = gap / np.sqrt(side)
            large = measured.instances & (side >= self.least_area)
            far = large & (relative >= self.relative_gap + self.when_covered * covered)
            touch = large & (gap <= self.touching)
        found = []
        for i in np.flatnonzero(far | touch).tolist():
            distance = f"{gap[i]:.0f} px apart" if far[i] else "side by side"
            what = f"parts of {side[i]:.0f} px² and more, {distance}"
            severity = between(relative[i], self.relative_gap, 3 * self.relative_gap)
            found.append(Finding(what, severity, (i,)))
        return found


@dataclass(frozen=True)
class PartsApart(Rule):
    """Masks of two large sides with nothing annotated between them, too near for `Merged`.

    Parameters
    ----------
    relative_gap, below
        Gap in square roots of the smaller side's area, from and below.
    least_area
        Area of the smaller side, px².
    most_covered
        Share of the way across that other annotations cover at most.
    """

    name: ClassVar[str] = "parts_apart"
    level: ClassVar[Level] = "hint"
    finds: ClassVar[str] = "a mask of two large parts with nothing annotated between"
    advice: ClassVar[str] = "see whether it is one thing, half hidden by something not annotated"
    probability: ClassVar[tuple[float, float]] = (0.2, 0.4)

    relative_gap: float = 0.7
    below: float = 2.0
    least_area: float = 1000.0
    most_covered: float = 0.1

    def find(self, measured: Measurements) -> list[Finding]:
        gap, side = measured["gap"], measured["small_side"]
        with np.errstate(invalid="ignore"):
            relative = gap / np.sqrt(side)
            chosen = measured.instances & (side >= self.least_area) & (relative < self.below)
            chosen &= (relative >= self.relative_gap) & (measured["covered"] <= self.most_covered)
        return [
            Finding(
                f"parts of {side[i]:.0f} px² and more, {gap[i]:.0f} px apart",
                between(relative[i], self.relative_gap, self.below),
                (i,),
            )
            for i in np.flatnonzero(chosen).tolist()
        ]


@dataclass(frozen=True)
class HoldsSeveral(Rule):
    """Masks over the masks of two or more annotations of the same category.

    Parameters
    ----------
    inside
        Share of each that lies in the mask.
    most_apart
        IoU of the mask and one of them at most: else the two are duplicates.
    """

    name: ClassVar[str] = "holds_several"
    finds: ClassVar[str] = "a mask over the masks of several annotations of its category"
    advice: ClassVar[str] = "remove it, or mark it as a crowd"
    probability: ClassVar[tuple[float, float]] = (0.7, 0.95)

    inside: float = 0.8
    most_apart: float = 0.8

    def find(self, measured: Measurements) -> list[Finding]:
        pairs, categories = measured.pairs, measured.coco.category_ids
        chosen = (categories[pairs.first] == categories[pairs.second]) & (
            (pairs.inside >= self.inside) & (pairs.iou < self.most_apart)
        )
        held: dict[int, list[int]] = {}
        for k in np.flatnonzero(chosen).tolist():
            pair = int(pairs.first[k]), int(pairs.second[k])
            small, large = sorted(pair, key=lambda i: float(measured.extent[i]))
            held.setdefault(large, []).append(small)
        return [
            Finding(f"over {len(inner)} others", between(len(inner), 2, 5), (large, *inner))
            for large, inner in sorted(held.items())
            if len(inner) > 1
        ]


@dataclass(frozen=True)
class StrayPart(Rule):
    """A small part of a mask far away from the rest, with nothing annotated between.

    Parameters
    ----------
    gap
        Distance, in diagonals of the image.
    most_covered
        Share of the way that other annotations cover at most.
    relative_gap
        Distance in square roots of the part's area.
    """

    name: ClassVar[str] = "stray_part"
    finds: ClassVar[str] = "a small part of a mask far away from the rest of it"
    advice: ClassVar[str] = "remove the part, or give it an annotation of its own"
    probability: ClassVar[tuple[float, float]] = (0.5, 0.8)

    gap: float = 0.15
    most_covered: float = 0.5
    relative_gap: float = 4.0

    def find(self, measured: Measurements) -> list[Finding]:
        images = [measured.coco.images[i] for i in measured.coco.image_ids.tolist()]
        sides = np.array([(image.width, image.height) for image in images]).reshape(-1, 2)
        gap, area = measured["stray_gap"], measured["stray_area"]
        with np.errstate(invalid="ignore"):
            share = gap / np.hypot(*sides.T)
            far = (share >= self.gap) & (gap >= self.relative_gap * np.sqrt(area))
            far &= (measured["stray_covered"] <= self.most_covered) & measured.instances
        return [
            Finding(
                f"a part of {area[i]:.0f} px², {gap[i]:.0f} px away",
                between(share[i], self.gap, 0.5),
                (i,),
            )
            for i in np.flatnonzero(far).tolist()
        ]
