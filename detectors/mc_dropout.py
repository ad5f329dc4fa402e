"""Predictions averaged over passes with dropout."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np

from benchmark_n.detectors.common.score_tables import annotation_scores
from benchmark_n.detectors.common.thresholds import confident_other
from benchmark_n.evidence import Evidence


@dataclass
class McDropout:
    """The score is one minus the mean probability of the given category over the passes.

    Dropout is on the features that go into the linear head; the passes are T samples of it
    ([1]_, the predictive mean).

    Parameters
    ----------
    per_class
        Flag by each category's mean self-confidence instead of one half.

    References
    ----------
    .. [1] Gal, Ghahramani: Dropout as a Bayesian Approximation: Representing Model Uncertainty in
           Deep Learning, ICML 2016.

    Examples
    --------
    >>> from benchmark_n.evidence import evidence_of
    >>> passes = np.float32([[[1.0, 0.0]], [[0.5, 0.5]]])  # two passes, one annotation
    >>> evidence = evidence_of([0], ["cat", "dog"], dropout_probs=passes)
    >>> McDropout().fit(evidence).scores_["score"].to_pylist()
    [0.25]
    """

    name: ClassVar[str] = "mc_dropout"
    kinds: ClassVar[tuple[str, ...]] = ("class",)
    needs: ClassVar[tuple[str, ...]] = ("dropout_probs",)
    reference: ClassVar[str] = "Gal & Ghahramani, ICML 2016"

    per_class: bool = True
    scores_: Any = field(default=None, init=False, repr=False)

    def fit(self, evidence: Evidence) -> Self:
        """Score the annotations of `evidence`."""
        assert evidence.dropout_probs is not None
        mean = evidence.dropout_probs.mean(axis=0)
        flagged, likeliest = confident_other(mean, evidence.labels, per_class=self.per_class)
        scores = 1 - mean[np.arange(len(evidence)), evidence.labels]
        self.scores_ = annotation_scores(evidence, "class", scores, flagged, categories=likeliest)
        return self
