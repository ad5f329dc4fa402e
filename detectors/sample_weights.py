"""Annotations that do not help a training on a clean subset."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from benchmark_n.detectors.common.score_tables import annotation_scores
from benchmark_n.evidence import Evidence

_EVEN = 0.5


@dataclass
class SampleWeights:
    """One less the weight that an annotation has at the end of a training, after Hoang et al. [1]_.

    Weights move by how much a step down the annotation's own loss lessens that of a few annotations
    whose labels are known to be right (`clean_subset` of the evidence's options). The authors'
    formula could not be found: the one used is a derivation of our own
    (see `benchmark_n.evidence.trainings.weighting`). Weights start at one half, and what ends below
    is flagged.

    References
    ----------
    .. [1] Hoang, Tran, Rana, Gupta, Venkatesh: Revisiting sample weights based method for
           noisy-label detection and classification, ACCV 2024: by its abstract alone.

    Examples
    --------
    >>> import numpy as np
    >>> from benchmark_n.evidence import evidence_of
    >>> evidence = evidence_of([0, 0], ["cat"], sample_weights=np.float32([0.75, 0.25]))
    >>> scores = SampleWeights().fit(evidence).scores_
    >>> scores["score"].to_pylist(), scores["flagged"].to_pylist()
    ([0.25, 0.75], [False, True])
    """

    name: ClassVar[str] = "sample_weights"
    kinds: ClassVar[tuple[str, ...]] = ("class",)
    needs: ClassVar[tuple[str, ...]] = ("sample_weights",)
    told: ClassVar[tuple[str, ...]] = ("a clean subset",)
    reference: ClassVar[str] = "After Hoang et al., ACCV 2024; our derivation"

    scores_: Any = field(default=None, init=False, repr=False)

    def fit(self, evidence: Evidence) -> Self:
        """Score the annotations of `evidence`."""
        weights = evidence.sample_weights
        assert weights is not None
        self.scores_ = annotation_scores(evidence, "class", 1 - weights, weights < _EVEN)
        return self
