"""Boxes in the place of masks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmark_n.detection.structure.measurements import Floats, Measurements
from benchmark_n.detection.structure.rules.base import Finding, Rule, between


@dataclass(frozen=True)
class BoxMask(Rule):
    """Masks that fill their box.

    A mask that covers most of its image, such as a table's that everything stands on, may be a
    box. In a category of which many are boxes, its things may be rectangles: `BoxCategory` names
    the category once.

    Parameters
    ----------
    fill
        Share of its box that a mask fills at least: by the polygon where there is one, else by
        the pixels.
    least_side
        Shorter side of the box, px: fewer pixels are a box by chance.
    most_of_image
        Share of the image that the box has at most.
    most_of_category
        Share of its category's masks that may be boxes at most.
    """

    name: ClassVar[str] = "box_mask"
    finds: ClassVar[str] = "a mask that fills its box, in a category whose masks do not"
    advice: ClassVar[str] = "draw the outline"
    probability: ClassVar[tuple[float, float]] = (0.7, 0.97)

    fill: float = 0.98
    least_side: float = 8.0
    most_of_image: float = 0.9
    most_of_category: float = 0.5

    def find(self, measured: Measurements) -> list[Finding]:
        filled = _fill(measured)
        boxes = _boxes(measured, filled, self)
        shares = _category_shares(measured, boxes, self.least_side)
        return [
            Finding(f"fills {100 * filled[i]:.1f} % of its box", self._severity(filled[i]), (i,))
            for i in np.flatnonzero(boxes & (shares <= self.most_of_category)).tolist()
        ]

    def _severity(self, fill: float) -> float:
        return between(fill, self.fill, 1.0)


@dataclass(frozen=True)
class BoxCategory(Rule):
    """Categories most of whose masks are boxes.

    Parameters
    ----------
    share
        Share of the category's masks that are boxes at least.
    least
        Number of such masks.
    fill
        As of `BoxMask`.
    """

    name: ClassVar[str] = "box_category"
    kind: ClassVar[str | None] = None
    finds: ClassVar[str] = "a category most of whose masks fill their boxes"
    advice: ClassVar[str] = "see whether boxes were exported as masks; rectangular things are right"
    probability: ClassVar[tuple[float, float]] = (0.3, 0.9)

    share: float = 0.5
    least: int = 3
    fill: float = 0.98

    def find(self, measured: Measurements) -> list[Finding]:
        rule = BoxMask(fill=self.fill)
        boxes = _boxes(measured, _fill(measured), rule)
        large = measured.instances & _large(measured, rule.least_side)
        found = []
        for category in measured.coco.categories:
            own = measured.coco.category_ids == category
            count, total = int((boxes & own).sum()), int((large & own).sum())
            if count >= self.least and count > self.share * total:
                what = f"{count} of {total} masks fill their boxes"
                severity = between(count / total, self.share, 1.0)
                found.append(Finding(what, severity, category_id=category))
        return found


def _fill(measured: Measurements) -> Floats:
    """Share of its box that each mask fills, 0 where there is none."""
    outline = measured["outline_fill"]
    fill = np.where(np.isnan(outline), measured.fill, outline)
    return np.where(measured.instances, fill, 0.0)


def _large(measured: Measurements, least_side: float) -> NDArray[np.bool_]:
    large: NDArray[np.bool_] = np.fmin(measured["width"], measured["height"]) >= least_side
    return large


def _boxes(measured: Measurements, fill: Floats, rule: BoxMask) -> NDArray[np.bool_]:
    images = [measured.coco.images[i] for i in measured.coco.image_ids.tolist()]
    pixels = np.array([image.width * image.height for image in images], np.float64)
    partial = measured["width"] * measured["height"] <= rule.most_of_image * pixels
    chosen: NDArray[np.bool_] = (fill >= rule.fill) & _large(measured, rule.least_side) & partial
    return chosen


def _category_shares(measured: Measurements, boxes: NDArray[np.bool_], least_side: float) -> Floats:
    """Of each annotation, the share of its category's other masks that are boxes."""
    _, codes = np.unique(measured.coco.category_ids, return_inverse=True)
    large = measured.instances & _large(measured, least_side)
    count = np.bincount(codes, boxes, codes.max(initial=0) + 1)[codes] - boxes
    total = np.bincount(codes, large, codes.max(initial=0) + 1)[codes] - large
    return np.where(total > 0, count / np.maximum(total, 1), 0.0)
