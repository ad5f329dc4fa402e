"""Given against suggested, and against true, category of what is flagged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from benchmark_n.coco.labels import category_labels
from benchmark_n.detection.result import DetectionResult
from benchmark_n.evidence.annotations import category_index
from benchmark_n.report.gallery import Card

MOST_CATEGORIES, MOST_PAIRS, MOST_SUSPECTS = 20, 30, 2000
SUGGESTED, TRUE = "suggested", "true"


@dataclass(frozen=True)
class Confusions:
    """Flagged annotations by given and another category.

    Parameters
    ----------
    names
        The categories of the matrix, those with the most flags, in the file's order.
    counts
        int64 (n, n): flagged annotations, given category by the other one.
    shades
        float64 (n, n): the counts over the largest of them.
    pairs
        (given, other, count), the most frequent first, of all categories.
    left_out
        Number of categories that have flags but are not in the matrix.
    other
        ``suggested`` or ``true``: what the columns are.
    """

    names: list[str]
    counts: list[list[int]]
    shades: list[list[float]]
    pairs: list[tuple[str, str, int]]
    left_out: int
    other: str = SUGGESTED


@dataclass(frozen=True)
class Suspect:
    """A flagged annotation without a card: names of its categories, and what the page says."""

    given: str
    suggested: str
    true: str
    text: str


def confusions(detection: DetectionResult) -> Confusions | None:
    """What is flagged with a suggested category; None where nothing is."""
    return _matrix(confusion_counts(detection), detection.evidence.category_names, SUGGESTED)


def true_confusions(detection: DetectionResult, true: Mapping[int, str]) -> Confusions | None:
    """What is flagged and has a true category; None where nothing is.

    Parameters
    ----------
    true
        What `true_categories` gives; on the diagonal is what was flagged for nothing.
    """
    names = detection.evidence.category_names
    place = {name: i for i, name in enumerate(names)}
    counts = np.zeros((len(names),) * 2, np.int64)
    given = dict(zip(*_given(detection), strict=True))
    for identity in _flagged(detection)["annotation_id"].to_pylist():
        if identity in true:
            counts[given[identity], place[true[identity]]] += 1
    return _matrix(counts, names, TRUE)


def true_categories(manifest: Any, detection: DetectionResult) -> dict[int, str]:
    """Annotation id to the name of its clean category; spurious ones have none."""
    labels = category_labels(detection.coco.categories)
    rows = manifest.filter(pc.is_valid(manifest["category_id"]))
    pairs = zip(rows["annotation_id"].to_pylist(), rows["category_id"].to_pylist(), strict=True)
    return {identity: labels[category] for identity, category in pairs}


def further_suspects(
    detection: DetectionResult, cards: Sequence[Card], true: Mapping[int, str]
) -> tuple[list[Suspect], int]:
    """What is flagged by category and has no card, the most suspect first, and how many more.

    There are `MOST_SUSPECTS` at most.
    """
    shown = {card.annotation_id for card in cards if card.kind == "class"}
    names, given = detection.evidence.category_names, dict(zip(*_given(detection), strict=True))
    labels = category_labels(detection.coco.categories)
    rows = _flagged(detection).sort_by([("score", "descending"), ("annotation_id", "ascending")])
    left = [row for row in rows.to_pylist() if row["annotation_id"] not in shown]
    suspects = []
    for row in left[:MOST_SUSPECTS]:
        identity, image = row["annotation_id"], detection.coco.images[row["image_id"]]
        suspects.append(
            Suspect(
                names[given[identity]],
                labels.get(row["suggested_category"], ""),
                true.get(identity, ""),
                f"{row['score']:.3f}, {image.file_name or image.id}, id {identity}",
            )
        )
    return suspects, len(left) - len(suspects)


def confusion_counts(detection: DetectionResult) -> NDArray[np.int64]:
    """Flagged annotations by given and suggested category, int64 (K, K)."""
    scores, evidence = _flagged(detection), detection.evidence
    rows = scores.filter(pc.is_valid(scores["suggested_category"]))
    place = category_index(evidence.annotation_ids, rows["annotation_id"].to_numpy())
    other = category_index(evidence.category_ids, rows["suggested_category"].to_numpy())
    counts = np.zeros((len(evidence.category_ids),) * 2, np.int64)
    np.add.at(counts, (evidence.labels[place], other), 1)
    return counts


def _flagged(detection: DetectionResult) -> Any:
    scores = detection.scores
    return scores.filter(pc.and_(pc.equal(scores["kind"], "class"), scores["flagged"]))


def _given(detection: DetectionResult) -> tuple[list[int], list[int]]:
    """Annotation ids, and the places of their given categories."""
    return detection.evidence.annotation_ids.tolist(), detection.evidence.labels.tolist()


def _matrix(counts: NDArray[np.int64], names: Sequence[str], other: str) -> Confusions | None:
    if not counts.any():
        return None
    flags = counts.sum(axis=0) + counts.sum(axis=1)
    order = np.argsort(-flags, kind="stable")
    kept = np.sort(order[: min(MOST_CATEGORIES, int((flags > 0).sum()))])
    shown = counts[np.ix_(kept, kept)]
    given, others = np.nonzero(counts)
    numbers = counts[given, others]
    frequent = np.argsort(-numbers, kind="stable")[:MOST_PAIRS].tolist()
    return Confusions(
        names=[names[i] for i in kept.tolist()],
        counts=shown.tolist(),
        shades=(shown / max(shown.max(), 1)).tolist(),
        pairs=[(names[given[i]], names[others[i]], int(numbers[i])) for i in frequent],
        left_out=int((flags > 0).sum()) - len(kept),
        other=other,
    )
