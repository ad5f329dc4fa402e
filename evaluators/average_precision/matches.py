"""Which detections matched, kept by image, so that images can be weighted anew.

References
----------
.. [1] Lin et al.: Microsoft COCO: Common Objects in Context, ECCV 2014; the accumulation of
       pycocotools is what `weighted_precision` repeats.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evaluators.average_precision.problem import AREA_RANGES, IOU_THRESHOLDS, RECALLS

Weights = NDArray[np.int64]
Values = NDArray[np.float64]
Cells = Sequence[Mapping[str, Any] | None]


@dataclass(frozen=True)
class Matches:
    """D detections of one category, by falling score.

    Parameters
    ----------
    images
        int64 (D,), place of each one's image.
    hit, counted
        bool (T, D): matched a counted ground truth, and not ignored, at each IoU threshold.
    positives
        int64 (I,), counted ground truths of each image.
    """

    images: NDArray[np.int64]
    hit: NDArray[np.bool_]
    counted: NDArray[np.bool_]
    positives: NDArray[np.int64]


def matches_by_category(cells: Cells, categories: int, images: int, area: int) -> list[Matches]:
    """Of each category, out of an engine's cells (category, area range, image)."""
    areas = len(AREA_RANGES)
    starts = [(k * areas + area) * images for k in range(categories)]
    return [_matches(cells[start : start + images]) for start in starts]


def _matches(cells: Cells) -> Matches:
    positives = np.zeros(len(cells), np.int64)
    images, scores = [np.zeros(0, np.int64)], [np.zeros(0)]
    matched = [np.zeros((len(IOU_THRESHOLDS), 0), bool)]
    ignored = [matched[0]]
    for place, cell in enumerate(cells):
        if cell is None:
            continue
        positives[place] = len(cell["gtIgnore"]) - np.count_nonzero(cell["gtIgnore"])
        own = np.asarray(cell["dtScores"], float)
        if own.size:
            images.append(np.full(own.size, place))
            scores.append(own)
            matched.append(np.asarray(cell["dtMatches"]) > 0)
            ignored.append(np.asarray(cell["dtIgnore"], bool))
    order = np.argsort(-np.concatenate(scores), kind="mergesort")
    counted = ~np.concatenate(ignored, axis=1)[:, order]
    hit = np.concatenate(matched, axis=1)[:, order] & counted
    return Matches(np.concatenate(images)[order], hit, counted, positives)


def weighted_precision(matches: Matches, weights: Weights) -> Values:
    """Average precision with each image taken as often as its weight says.

    Parameters
    ----------
    weights
        int64 (R, I).

    Returns
    -------
    ndarray
        float64 (R, T), by IoU threshold; NaN where no ground truth is left.

    Examples
    --------
    >>> thresholds = np.ones((10, 1), bool)
    >>> one = Matches(np.array([0]), thresholds, thresholds, np.array([2]))  # one of two is found
    >>> weighted_precision(one, np.array([[1]]))[0, 0].round(3).item()  # 51 of 101 recalls
    0.505
    """
    total = weights @ matches.positives
    found = np.zeros((len(weights), len(IOU_THRESHOLDS)))
    taken = weights[:, matches.images]
    ranks: Weights | None = None
    for place in range(len(IOU_THRESHOLDS)):
        counted = matches.counted[place]
        if ranks is None or (counted != matches.counted[place - 1]).any():
            ranks = np.cumsum(taken * counted, axis=1)
        hits = np.flatnonzero(matches.hit[place])
        if hits.size:
            found[:, place] = _interpolated(
                np.cumsum(taken[:, hits], axis=1), ranks[:, hits], total
            )
    found[total == 0] = np.nan
    return found


def _interpolated(hits: Weights, ranks: Weights, total: Weights) -> Values:
    """Mean over the recall levels of the precision at that recall or above, (R,).

    Precision falls between two hits, so only the hits matter: `hits` and `ranks` (R, P) are how
    many of them, and of all counted detections, come up to each.
    """
    rows, count = hits.shape
    precision = hits / np.maximum(ranks, 1)
    best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    best = np.concatenate([best, np.zeros((rows, 1))], axis=1)
    # In whole numbers, as floats of other rows would round the recall otherwise.
    step = int(total.max()) + 2
    lifts = np.arange(rows)[:, None] * step
    places = np.searchsorted((hits + lifts).ravel(), (_needed(total) + lifts).ravel())
    places = places.reshape(rows, -1) - np.arange(rows)[:, None] * count
    return np.asarray(np.take_along_axis(best, places, axis=1).mean(axis=1), np.float64)


def _needed(total: Weights) -> Weights:
    """Least number of hits out of `total` (R,) that reaches each recall level, (R, 101)."""
    whole = np.maximum(total, 1)[:, None]
    needed = np.ceil(RECALLS * whole).astype(np.int64)
    needed -= (needed - 1) / whole >= RECALLS
    needed += needed / whole < RECALLS
    return np.asarray(np.minimum(needed, whole + 1), np.int64)
