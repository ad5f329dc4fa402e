"""What boxes with probabilities say of an annotation, and which of them are detections."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evidence.detections.base import Locations

Corners = NDArray[np.floating[Any]]
# Boxes that overlap an annotation no more than this say nothing of it.
LEAST_OVERLAP = 0.1
# Of detections: least score, largest overlap of two of one category, most in an image.
LEAST_SCORE, MOST_OVERLAP, MOST = 0.05, 0.6, 300
_MOST_CANDIDATES = 3000


def corners(boxes: NDArray[Any]) -> NDArray[np.float64]:
    """Boxes (n, 4) of x, y, width, height as left, top, right, bottom, float64 (n, 4).

    >>> corners(np.array([[1, 2, 10, 20]]))
    array([[ 1.,  2., 11., 22.]])
    """
    made = np.asarray(boxes, np.float64).copy()
    made[:, 2:] += made[:, :2]
    return made


def overlaps(boxes: Corners, box: Corners) -> NDArray[np.float32]:
    """IoU float32 (L,) of boxes (L, 4) with one box (4,), all left, top, right, bottom."""
    width = np.minimum(boxes[:, 2], box[2]) - np.maximum(boxes[:, 0], box[0])
    height = np.minimum(boxes[:, 3], box[3]) - np.maximum(boxes[:, 1], box[1])
    inside = np.maximum(width, 0) * np.maximum(height, 0)
    together = _areas(boxes) + _areas(box[None])[0] - inside
    # Two boxes without area: nothing in common, and nothing to divide by.
    return np.asarray(inside / np.where(together > 0, together, 1), np.float32)


def _areas(boxes: Corners) -> Corners:
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0)
    return sides[:, 0] * sides[:, 1]


def support(locations: Locations, annotated: Corners) -> NDArray[np.float32]:
    """Largest probability times IoU for each annotation and category.

    Parameters
    ----------
    annotated
        float (n, 4): left, top, right, bottom of the annotations' boxes, px.

    Returns
    -------
    numpy.ndarray
        float32 (n, C), 0 to 1; zeros where no box overlaps by more than `LEAST_OVERLAP`.

    Examples
    --------
    >>> boxes = np.float32([[0, 0, 10, 10], [0, 0, 10, 5]])
    >>> said = Locations(boxes, np.float32([[0.5, 0.1], [0.0, 0.8]]))
    >>> support(said, np.float32([[0, 0, 10, 10]]))
    array([[0.5, 0.4]], dtype=float32)
    """
    rows = np.zeros((len(annotated), locations.probs.shape[1]), np.float32)
    for row, box in zip(rows, annotated, strict=True):
        overlap = overlaps(locations.boxes, box)
        near = np.flatnonzero(overlap > LEAST_OVERLAP)
        if near.size:
            row[:] = (locations.probs[near] * overlap[near, None]).max(axis=0)
    return rows


def detections(locations: Locations) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Places and categories of the confident detections, best first.

    Of two of one category that overlap by more than `MOST_OVERLAP` the less probable one is left
    out (greedy non-maximum suppression).

    Returns
    -------
    tuple
        Index of the location and of the category, each (p,), p at most `MOST`.
    """
    places, kinds = np.nonzero(locations.probs > LEAST_SCORE)
    scores = locations.probs[places, kinds]
    # A stable order: what comes out does not depend on how ties are sorted.
    best = np.argsort(-scores, kind="stable")[:_MOST_CANDIDATES]
    places, kinds = places[best], kinds[best]
    kept = [
        waiting_index
        for kind in np.unique(kinds)
        for waiting_index in _suppressed(locations.boxes[places], np.flatnonzero(kinds == kind))
    ]
    order = np.sort(np.array(kept, np.intp))[:MOST]
    return places[order], kinds[order]


def _suppressed(boxes: Corners, waiting: NDArray[np.intp]) -> list[int]:
    """Indices of the boxes, best first, that no better one overlaps too much."""
    kept = []
    while waiting.size:
        first, rest = int(waiting[0]), waiting[1:]
        kept.append(first)
        waiting = rest[overlaps(boxes[rest], boxes[first]) <= MOST_OVERLAP]
    return kept
