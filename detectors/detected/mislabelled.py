"""Annotations of another category than the evidence says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from benchmark_n.detectors.common.planted_errors import error_probabilities, image_folds
from benchmark_n.detectors.common.score_tables import annotation_scores
from benchmark_n.detectors.detected.support import judged_places, of_all
from benchmark_n.evidence import Evidence
from benchmark_n.evidence.evidence import Ints
from benchmark_n.runtime.random_streams import uniforms

Floats = NDArray[np.float64]
# Share of planted labels that are drawn from all categories alike, not from those confused.
_ANY = 0.5
_LEAST = 0.01


@dataclass
class Mislabelled:
    """Wrong categories, by what detectors and classifiers say of the given one and of the others.

    A label put in the place of the given one, half of the time any, half of the time one that the
    evidence confuses with it, is what a wrong category looks like: the probability of one is the
    ratio of the two densities, out of fold by image
    (`benchmark_n.detectors.common.planted_errors`). Beside the detectors' support it reads
    out-of-fold probabilities where there are any. Of categories that no expert knows nothing is
    said.

    Parameters
    ----------
    threshold
        Flag annotations of this probability or more.
    times
        Planted labels for each annotation.

    References
    ----------
    .. [1] Blanchard, Lee, Scott: Semi-supervised novelty detection, JMLR 11 (2010).
    """

    name: ClassVar[str] = "mislabelled"
    kinds: ClassVar[tuple[str, ...]] = ("class",)
    needs: ClassVar[tuple[str, ...]] = ("detections",)
    reference: ClassVar[str] = "own; ratio of densities as Blanchard et al., JMLR 2010"

    threshold: float = 0.5
    times: int = 3
    scores_: Any = field(default=None, init=False, repr=False)
    details_: Any = field(default=None, init=False, repr=False)

    def fit(self, evidence: Evidence) -> Self:
        """Score the annotations of `evidence`."""
        every = _sources(evidence)
        places = _judged(evidence)
        sources, labels = [one[places] for one in every], evidence.labels[places]
        confused = _confusions(sources, labels)
        ids = evidence.annotation_ids[places]
        planted = [_other_labels(ids, labels, confused, turn) for turn in range(self.times)]
        folds = image_folds(evidence, evidence.image_ids[places])
        found = error_probabilities(
            _features(sources, labels),
            np.concatenate([_features(sources, others) for others in planted]),
            folds,
            np.tile(folds, self.times),
        )
        values = of_all(evidence, places, found.values)
        likeliest = _sum([np.log(one + _LEAST) for one in every]).argmax(axis=1)
        self.details_ = {"judged": len(places), "share_mislabelled": found.share}
        self.scores_ = annotation_scores(
            evidence, "class", values, values >= self.threshold, categories=likeliest
        )
        return self


def _judged(evidence: Evidence) -> Ints:
    """Places of the annotations whose category is known to an expert, where there are two."""
    places = judged_places(evidence)
    if evidence.pred_probs is not None:
        places = np.arange(len(evidence), dtype=np.int64)
    return places if len(np.unique(evidence.labels[places])) > 1 else places[:0]


def _sources(evidence: Evidence) -> list[Floats]:
    """What each expert says of N annotations and K categories, float64 (N, K), 0 to 1."""
    assert evidence.detections is not None
    sources = [one.support.astype(np.float64) for one in evidence.detections]
    if evidence.pred_probs is not None:
        sources.append(evidence.pred_probs.astype(np.float64))
    return sources


def _sum(arrays: list[Floats]) -> Floats:
    return np.asarray(np.sum(arrays, axis=0))


def _confusions(sources: list[Floats], labels: Ints) -> Floats:
    """How much of what is said of each given category goes to each other one, rows add to one."""
    said = _sum(sources)
    count = said.shape[1]
    rows = np.zeros((count, count))
    np.add.at(rows, labels, said)
    np.fill_diagonal(rows, 0)
    rows += _LEAST * (1 - np.eye(count))
    confused = rows / np.maximum(rows.sum(axis=1, keepdims=True), 1e-12)
    used = (np.bincount(labels, minlength=count) > 0).astype(float)
    anything = used[None] * (1 - np.eye(count))
    anything /= np.maximum(anything.sum(axis=1, keepdims=True), 1)
    return np.asarray(_ANY * anything + (1 - _ANY) * confused)


def _other_labels(ids: Ints, labels: Ints, confused: Floats, turn: int) -> Ints:
    """A drawn label that is not the given one, for each annotation, int64 (n,)."""
    draws = uniforms(turn, "planted label", ids)
    steps = np.cumsum(confused[labels], axis=1)
    steps /= np.maximum(steps[:, -1:], 1e-12)
    return np.asarray((draws[:, None] >= steps).sum(axis=1).clip(max=steps.shape[1] - 1), np.int64)


def _features(sources: list[Floats], labels: Ints) -> Floats:
    """Of each source and their sum: the given category's value, by how much another exceeds it."""
    rows = np.arange(len(labels))
    columns = []
    logs = [np.log(one + _LEAST) for one in sources]
    for values in [*logs, _sum(logs)]:
        others = np.array(values)
        given = others[rows, labels]
        others[rows, labels] = -np.inf
        columns += [given, others.max(axis=1) - given]
    return np.column_stack(columns)
