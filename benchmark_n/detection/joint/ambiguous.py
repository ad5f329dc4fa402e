"""Annotations whose evidence is split between two categories, the given one among them."""

from __future__ import annotations

import numpy as np

from benchmark_n.evidence import Evidence

# Mass of the two together, and of the lesser one, at least.
TOGETHER, LESSER = 0.8, 0.3
FLOOR = 0.01


def ambiguous_pairs(evidence: Evidence) -> dict[int, tuple[int, int]]:
    """Annotation id to the ids of the two categories, the given one first.

    The mass is the product, over detectors and classifiers, of what each gives the categories,
    scaled to a sum of one; `FLOOR` is added so that the silence of one rules nothing out.
    """
    sources = [one.support for one in evidence.detections or ()]
    sources += [] if evidence.pred_probs is None else [evidence.pred_probs]
    if not sources or len(evidence.category_ids) < 2:
        return {}
    logs = np.sum([np.log(one.astype(np.float64) + FLOOR) for one in sources], axis=0)
    mass = np.exp(logs - logs.max(axis=1, keepdims=True))
    mass /= mass.sum(axis=1, keepdims=True)
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
