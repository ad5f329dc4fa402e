"""What several object detectors find, as one list of places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.instances import by_image
from benchmark_n.detectors.common.matching import box_overlaps
from benchmark_n.evidence.detection_evidence import DetectionEvidence
from benchmark_n.evidence.evidence import Ints
from benchmark_n.masks import Rle

Floats = NDArray[np.float64]
# Detections below this score are no places; of two that overlap more the better one stays.
LEAST_SCORE, MOST_OVERLAP = 0.1, 0.6


@dataclass(frozen=True)
class Places:
    """P places at which some of D detectors find an object.

    Parameters
    ----------
    image_ids, labels
        int64 (P,): of the best detection there; labels index the evidence's categories.
    boxes
        float64 (P, 4): its x, y, width, height in px.
    scores
        float64 (P, D): the best score of each detector there, whatever its category; 0 for none.
    same
        float64 (P, D): the same, of the place's category alone.
    rival
        float64 (P,): the largest score of another category there.
    masks
        Of the best detection, None where its detector gives none.
    """

    image_ids: Ints
    labels: Ints
    boxes: Floats
    scores: Floats
    same: Floats
    rival: Floats
    masks: tuple[Rle | None, ...]

    def __len__(self) -> int:
        return len(self.image_ids)


@dataclass(frozen=True)
class _Pool:
    """All detections of all detectors, one below another."""

    image_ids: Ints
    labels: Ints
    boxes: Floats
    scores: Floats
    detectors: Ints
    masks: list[Rle | None]


def fuse(detections: Sequence[DetectionEvidence]) -> Places:
    """Places of the detections: greedy suppression over all detectors and categories.

    Of the detections of an image the best one makes a place and takes those that overlap it by
    `MOST_OVERLAP` or more, then the next.
    """
    pool = _pool(detections)
    made = []
    for _, own in sorted(by_image(pool.image_ids).items()):
        order = own[np.argsort(-pool.scores[own], kind="stable")]
        made += _places(pool, order)
    best = np.array([group[0] for group in made], np.int64)
    scores = np.zeros((len(made), len(detections)))
    same, rival = np.zeros_like(scores), np.zeros(len(made))
    for row, group in enumerate(made):
        alike = pool.labels[group] == pool.labels[group[0]]
        np.maximum.at(scores[row], pool.detectors[group], pool.scores[group])
        np.maximum.at(same[row], pool.detectors[group[alike]], pool.scores[group[alike]])
        rival[row] = pool.scores[group[~alike]].max(initial=0)
    return Places(
        image_ids=pool.image_ids[best],
        labels=pool.labels[best],
        boxes=pool.boxes[best],
        scores=scores,
        same=same,
        rival=rival,
        masks=tuple(pool.masks[i] for i in best.tolist()),
    )


def _pool(detections: Sequence[DetectionEvidence]) -> _Pool:
    parts = []
    masks: list[Rle | None] = []
    for number, one in enumerate(detections):
        kept = np.flatnonzero(one.found.scores >= LEAST_SCORE)
        found = one.found
        parts.append(
            (
                found.image_ids[kept],
                found.labels[kept],
                found.boxes[kept].astype(np.float64).reshape(-1, 4),
                found.scores[kept].astype(np.float64),
                np.full(len(kept), number, np.int64),
            )
        )
        masks += [None if found.masks is None else found.masks[i] for i in kept.tolist()]
    image_ids, labels, boxes, scores, detectors = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    return _Pool(image_ids, labels, boxes, scores, detectors, masks)


def _places(pool: _Pool, waiting: Ints) -> list[Ints]:
    """Groups of detections of one image, the best first in each and among them."""
    boxes = pool.boxes[waiting]
    overlap = box_overlaps(boxes, boxes) >= MOST_OVERLAP
    free = np.ones(len(waiting), bool)
    groups = []
    for i in range(len(waiting)):
        if free[i]:
            near = overlap[i] & free
            near[i] = True
            free &= ~near
            groups.append(waiting[near])
    return groups
