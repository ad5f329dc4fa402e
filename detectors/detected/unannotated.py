"""Objects that nobody annotated."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from benchmark_n.coco.boxes import RecordBox, box_mask
from benchmark_n.coco.instances import by_image
from benchmark_n.detectors.common.matching import box_overlaps
from benchmark_n.detectors.common.planted_errors import (
    ErrorProbabilities,
    error_probabilities,
    image_folds,
)
from benchmark_n.detectors.common.score_tables import proposal_scores
from benchmark_n.detectors.detected.fusion import Places, fuse
from benchmark_n.evidence import Evidence
from benchmark_n.evidence.evidence import Ints
from benchmark_n.masks import Rle

Floats = NDArray[np.float64]
# From this IoU on a place is an annotation's; from this share on it lies in a crowd.
MATCH, IN_CROWD = 0.5, 0.5


@dataclass(frozen=True)
class _Around:
    """P places among the annotations, `match` aside: the place of the annotation that each is of.

    `nearby` float64 (P, 3): its IoU with the nearest of the others; its share in the one that
    holds most of it; the same of its own category.
    """

    match: Ints
    in_crowd: NDArray[np.bool_]
    nearby: Floats


@dataclass
class Unannotated:
    """Confident detections where nobody annotated anything.

    The detections of all detectors are fused to places. A place whose box has an IoU of .5 or
    more with an annotation's is that annotation's; one that lies in a crowd is nobody's, nor is one
    of a category that a federated file (LVIS) did not annotate to the last instance there. Each
    annotation's best place is what an object would look like had it been forgotten: the
    probability that a free place is one is the ratio of the two densities, out of fold by image
    (`benchmark_n.detectors.common.planted_errors`), by the detectors' scores, their agreement,
    size, and what is annotated around.

    Parameters
    ----------
    threshold
        Flag places of this probability or more.
    least
        Leave places of a lower one out.

    References
    ----------
    .. [1] Elkan, Noto: Learning classifiers from only positive and unlabeled data, KDD 2008.

    Examples
    --------
    >>> from benchmark_n.evidence import DetectedBoxes, DetectionEvidence, evidence_of
    >>> masks = np.pad(np.ones((40, 20, 20)), [(0, 0), (10, 40), (10, 40)])
    >>> ids = np.tile(np.arange(1, 41), 2)  # in each image what is annotated, and a box beside it
    >>> boxes = np.repeat(np.float32([[10, 10, 20, 20], [45, 45, 20, 20]]), 40, axis=0)
    >>> scores = np.repeat(np.float32([0.9, 0.1]), 40)
    >>> scores[40] = 0.9  # in image 1 the detector is as sure of it as of what is annotated
    >>> found = DetectedBoxes(ids, 0 * ids, scores, boxes)
    >>> said = DetectionEvidence("mine", np.full((40, 1), 0.9), np.array([True]), found)
    >>> evidence = evidence_of([0] * 40, ["cat"], masks=masks, detections=(said,))
    >>> Unannotated().fit(evidence).scores_.select(["image_id", "score"]).to_pylist()
    [{'image_id': 1, 'score': 1.0}]
    """

    name: ClassVar[str] = "unannotated"
    kinds: ClassVar[tuple[str, ...]] = ("missing",)
    needs: ClassVar[tuple[str, ...]] = ("detections",)
    reference: ClassVar[str] = "own; ratio of densities as Elkan and Noto, KDD 2008"

    threshold: float = 0.5
    least: float = 0.01
    scores_: Any = field(default=None, init=False, repr=False)
    details_: Any = field(default=None, init=False, repr=False)

    def fit(self, evidence: Evidence) -> Self:
        """Propose instances for the images of `evidence`."""
        assert evidence.detections is not None
        places = fuse(evidence.detections)
        around = _look_around(evidence, places)
        looked_for = _looked_for(evidence, places)
        free = np.flatnonzero((around.match < 0) & ~around.in_crowd & looked_for)
        found = _probabilities(evidence, places, around, free)
        shown = found.values >= self.least
        kept, values = free[shown], found.values[shown]
        self.details_ = {"places": len(places), "free": len(free), "share_missing": found.share}
        self.scores_ = proposal_scores(
            places.image_ids[kept],
            values,
            values >= self.threshold,
            evidence.category_ids[places.labels[kept]],
            _masks(evidence, places, kept),
        )
        return self


def _probabilities(
    evidence: Evidence, places: Places, around: _Around, free: Ints
) -> ErrorProbabilities:
    """That each free place is of a forgotten object."""
    matched = np.flatnonzero(around.match >= 0)
    surest = matched[np.argsort(-places.scores[matched].mean(axis=1), kind="stable")]
    _, first = np.unique(around.match[surest], return_index=True)
    forgotten = np.sort(surest[first])
    rows = _features(places, around)
    folds = image_folds(evidence, places.image_ids)
    return error_probabilities(rows[free], rows[forgotten], folds[free], folds[forgotten])


def _looked_for(evidence: Evidence, places: Places) -> NDArray[np.bool_]:
    """Whether every instance of a place's category was to be annotated there, bool (P,)."""
    if not evidence.exhaustive:
        return np.ones(len(places), bool)
    pairs = zip(places.image_ids.tolist(), places.labels.tolist(), strict=True)
    nothing: frozenset[int] = frozenset()
    return np.array([b in evidence.exhaustive.get(a, nothing) for a, b in pairs], bool)


def _features(places: Places, around: _Around) -> Floats:
    sides = np.maximum(places.boxes[:, 2:].T, 1.0)
    return np.column_stack(
        [
            np.log(places.scores + 0.02),
            np.log(places.same + 0.02),
            np.log(places.rival + 0.02),
            np.log(sides.prod(axis=0)),
            np.log(sides[0] / sides[1]),
            around.nearby,
        ]
    )


def _look_around(evidence: Evidence, places: Places) -> _Around:
    match = np.full(len(places), -1, np.int64)
    in_crowd = np.zeros(len(places), bool)
    nearby = np.zeros((len(places), 3))
    annotated = by_image(evidence.image_ids)
    crowds: dict[int, list[Rle]] = {}
    for image_id, mask in evidence.crowds:
        crowds.setdefault(image_id, []).append(mask)
    for image_id, own in by_image(places.image_ids).items():
        boxes = places.boxes[own]
        if image_id in crowds:
            in_crowd[own] = _share_in(boxes, crowds[image_id]) >= IN_CROWD
        if image_id not in annotated:
            continue
        others = annotated[image_id]
        given = evidence.boxes[others].astype(np.float64)
        overlap, inside = box_overlaps(boxes, given), box_overlaps(boxes, given, inside=True)
        best = overlap.argmax(axis=1)
        rows = np.flatnonzero(overlap.max(axis=1) >= MATCH)
        match[own[rows]] = others[best[rows]]
        overlap[rows, best[rows]] = inside[rows, best[rows]] = 0
        alike = evidence.labels[others][None] == places.labels[own][:, None]
        nearby[own] = np.stack(
            [overlap.max(axis=1), inside.max(axis=1), (inside * alike).max(axis=1)], axis=1
        )
    return _Around(match, in_crowd, nearby)


def _share_in(boxes: Floats, crowds: list[Rle]) -> Floats:
    """The largest share of each box that lies in a crowd, float64 (n,)."""
    height, width = crowds[0]["size"]
    rles = coco_mask.frPyObjects(np.ascontiguousarray(boxes), height, width)
    shares: Floats = np.asarray(coco_mask.iou(rles, crowds, [1] * len(crowds)), np.float64)
    return np.asarray(shares.max(axis=1))


def _masks(evidence: Evidence, places: Places, kept: Ints) -> list[Rle]:
    """The detector's mask of each place, else its box, filled."""
    sizes = evidence.image_sizes
    masks = []
    for i in kept.tolist():
        box = RecordBox(tuple(places.boxes[i].tolist()))
        masks.append(places.masks[i] or box_mask(box, *sizes[int(places.image_ids[i])]))
    return masks
