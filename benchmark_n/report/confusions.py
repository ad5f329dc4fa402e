"""Given against suggested category of what is flagged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from benchmark_n.detection.result import DetectionResult
from benchmark_n.evidence.annotations import category_index

MOST_CATEGORIES, MOST_PAIRS = 20, 30


@dataclass(frozen=True)
class Confusions:
    """Flagged annotations by given and suggested category.

    Parameters
    ----------
    names
        The categories of the matrix, those with the most flags, in the file's order.
    counts
        int64 (n, n): flagged annotations, given category by suggested one.
    shades
        float64 (n, n): the counts over the largest of them.
    pairs
        (given, suggested, count), the most frequent first, of all categories.
    left_out
        Number of categories that have flags but are not in the matrix.
    """

    names: list[str]
    counts: list[list[int]]
    shades: list[list[float]]
    pairs: list[tuple[str, str, int]]
    left_out: int


def confusions(detection: DetectionResult) -> Confusions | None:
    """What is flagged with a suggested category; None where nothing is."""
    counts = confusion_counts(detection)
    if not counts.any():
        return None
    names = detection.evidence.category_names
    flags = counts.sum(axis=0) + counts.sum(axis=1)
    order = np.argsort(-flags, kind="stable")
    kept = np.sort(order[: min(MOST_CATEGORIES, int((flags > 0).sum()))])
    shown = counts[np.ix_(kept, kept)]
    given, other = np.nonzero(counts)
    numbers = counts[given, other]
    frequent = np.argsort(-numbers, kind="stable")[:MOST_PAIRS].tolist()
    return Confusions(
        names=[names[i] for i in kept.tolist()],
        counts=shown.tolist(),
        shades=(shown / max(shown.max(), 1)).tolist(),
        pairs=[(names[given[i]], names[other[i]], int(numbers[i])) for i in frequent],
        left_out=int((flags > 0).sum()) - len(kept),
    )


def confusion_counts(detection: DetectionResult) -> NDArray[np.int64]:
    """Flagged annotations by given and suggested category, int64 (K, K)."""
    scores, evidence = detection.scores, detection.evidence
    flagged = pc.and_(pc.equal(scores["kind"], "class"), scores["flagged"])
    rows = scores.filter(pc.and_(flagged, pc.is_valid(scores["suggested_category"])))
    place = category_index(evidence.annotation_ids, rows["annotation_id"].to_numpy())
    other = category_index(evidence.category_ids, rows["suggested_category"].to_numpy())
    counts = np.zeros((len(evidence.category_ids),) * 2, np.int64)
    np.add.at(counts, (evidence.labels[place], other), 1)
    return counts
