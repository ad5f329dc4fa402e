"""An instance segmentation evaluation as arrays: what both engines are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.instances import Instances

IouType = Literal["bbox", "segm", "boundary"]
IOU_TYPES: tuple[IouType, ...] = ("bbox", "segm", "boundary")
IOU_THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0.0, 1.0, 101)
SMALL, LARGE, LARGEST = 32.0**2, 96.0**2, 1e5**2
# Name, least and greatest area in px².
AREA_RANGES = (
    ("all", 0.0, LARGEST),
    ("small", 0.0, SMALL),
    ("medium", SMALL, LARGE),
    ("large", LARGE, LARGEST),
)


@dataclass(frozen=True)
class Federated:
    """What LVIS knows of an image besides its annotations, by image id.

    Parameters
    ----------
    negative
        Categories that are certainly absent.
    not_exhaustive
        Categories of which not every instance was annotated.
    frequency
        Category id to ``r`` (rare), ``c`` (common) or ``f`` (frequent).
    """

    negative: Mapping[int, frozenset[int]]
    not_exhaustive: Mapping[int, frozenset[int]]
    frequency: Mapping[int, str]


@dataclass(frozen=True)
class Problem:
    """Detections against ground truth.

    Parameters
    ----------
    image_ids, category_ids
        Sorted, unique.
    sizes
        Image id to (height, width), px.
    max_detections
        Most detections of a category in an image, in rising steps; the last is the headline's.
    dilation_ratio
        Of the boundary.
    """

    iou_type: IouType
    image_ids: Sequence[int]
    category_ids: Sequence[int]
    sizes: Mapping[int, tuple[int, int]]
    truth: Instances
    detections: Instances
    max_detections: Sequence[int]
    dilation_ratio: float
    federated: Federated | None = None

    def class_agnostic(self) -> Problem:
        """The same with all categories made one; instances are first sorted by category."""
        return replace(
            self,
            category_ids=[1],
            federated=None,
            truth=_of_one_category(self.truth),
            detections=_of_one_category(self.detections),
        )

    def of_categories(self, category_ids: Sequence[int]) -> Problem:
        """The part of it that is of some of its categories; images stay as they are."""
        sides = (self.truth, self.detections)
        rows = [np.flatnonzero(np.isin(side.category_ids, category_ids)) for side in sides]
        truth, detections = (side.take(own) for side, own in zip(sides, rows, strict=True))
        return replace(self, category_ids=category_ids, truth=truth, detections=detections)


def _of_one_category(instances: Instances) -> Instances:
    ordered = instances.take(np.argsort(instances.category_ids, kind="stable"))
    return replace(ordered, category_ids=np.ones(len(ordered), np.int64))


@dataclass(frozen=True)
class Curves:
    """What an engine returns, as pycocotools accumulates it; -1 where there is no ground truth.

    Parameters
    ----------
    precision
        float64 (T, R, K, A, M): IoU thresholds, recalls, categories, area ranges, detections.
    recall
        float64 (T, K, A, M).
    cells
        What matched, by category, area range and image, as pycocotools' ``evalImgs``; None where
        it was not asked for.

    Examples
    --------
    >>> curves = Curves(np.ones((10, 101, 1, 4, 3)), np.ones((10, 1, 4, 3)))
    >>> curves.precision[:, :, 0, 0, -1].mean().item(), curves.cells  # AP of one category
    (1.0, None)
    """

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    cells: Sequence[Mapping[str, Any] | None] | None = None
