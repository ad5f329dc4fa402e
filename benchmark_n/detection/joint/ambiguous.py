"""Annotations whose evidence is split between two categories, the given one among them."""

from __future__ import annotations

import numpy as np

from benchmark_n.evidence import Evidence

# Mass of the two together, and of the lesser one, at least.
TOGETHER, LESSER = 0.8, 0.3


def ambiguous_pairs(evidence: Evidence) -> dict[int, tuple[int, int]]:
    """Annotation id to the ids of the two categories, the given one first.

    The mass is the mean, over detectors and classifiers that say anything, of what each gives
    the categories, scaled to a sum of one.
    """
    sources = [one.support for one in evidence.detections or ()]
    sources += [] if evidence.pred_probs is None else [evidence.pred_probs]
    if not sources or len(evidence.category_ids) < 2:
        return {}
    mass = np.zeros((len(evidence), len(evidence.category_ids)))
    said = np.zeros((len(evidence), 1))
    for one in sources:
        total = one.sum(axis=1, keepdims=True, dtype=np.float64)
        mass += np.divide(one, total, out=np.zeros_like(mass), where=total > 0)
        said += total > 0
    mass /= np.maximum(said, 1)
    best = np.argsort(-mass, axis=1, kind="stable")[:, :2]
    largest = np.take_along_axis(mass, best, axis=1)
    split = (largest.sum(axis=1) >= TOGETHER) & (largest[:, 1] >= LESSER)
    split &= (best == evidence.labels[:, None]).any(axis=1)
    pairs = {}
    for row in np.flatnonzero(split).tolist():
        given = int(evidence.labels[row])
        other = int(best[row, 0] if best[row, 1] == given else best[row, 1])
        ids = evidence.category_ids
        pairs[int(evidence.annotation_ids[row])] = (int(ids[given]), int(ids[other]))
    return pairs
