"""An instance segmentation evaluation as arrays: what both engines are given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmark_n.masks import Rle

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
class Instances:
    """N ground truths or detections, in the order of their file.

    Parameters
    ----------
    ids, image_ids, category_ids
        int64 (N,). A ground truth of id 0 counts as unmatched in pycocotools.
    boxes
        float64 (N, 4), [x, y, width, height] in px.
    areas
        float64 (N,), px²; what sorts an instance into small, medium and large.
    masks
        N RLEs; None where only boxes are compared.
    crowd
        bool (N,); False for detections.
    scores
        float64 (N,), in [0, 1]; zeros for ground truths.
    """

    ids: NDArray[np.int64]
    image_ids: NDArray[np.int64]
    category_ids: NDArray[np.int64]
    boxes: NDArray[np.float64]
    areas: NDArray[np.float64]
    masks: Sequence[Rle] | None
    crowd: NDArray[np.bool_]
    scores: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.ids)

    def rows(self) -> Iterator[tuple[int, int, int, list[float], float, int, float]]:
        """Id, image, category, box, area, crowd (0 or 1) and score of each, as plain values."""
        columns = (
            self.ids,
            self.image_ids,
            self.category_ids,
            self.boxes,
            self.areas,
            self.crowd.astype(int),
            self.scores,
        )
        return zip(*(column.tolist() for column in columns), strict=True)

    def take(self, rows: NDArray[np.intp]) -> Instances:
        """The instances at `rows`, in that order."""
        masks = None if self.masks is None else [self.masks[i] for i in rows.tolist()]
        columns = ("ids", "image_ids", "category_ids", "boxes", "areas", "crowd", "scores")
        taken = {name: getattr(self, name)[rows] for name in columns}
        return Instances(masks=masks, **taken)


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
    found: Instances
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
            found=_of_one_category(self.found),
        )


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
    """

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
