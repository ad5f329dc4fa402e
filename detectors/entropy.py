"""Uncertainty of the prediction, whatever the given category."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np

from benchmark_n.detectors.common.score_tables import annotation_scores
from benchmark_n.detectors.common.thresholds import unusually_high
from benchmark_n.evidence import Evidence


@dataclass
class Entropy:
    """The score is the entropy of the predicted categories over the largest possible one.

    Flagged is what lies more than a standard deviation above the mean.

    Parameters
    ----------
    per_class
        Mean and deviation of each given category instead of all.

    References
    ----------
    .. [1] Shannon: A Mathematical Theory of Communication, 1948; as a baseline in Kuan, Mueller,
           ICML DataPerf workshop 2022.

    Examples
    --------
    >>> from benchmark_n.evidence import evidence_of
    >>> probs = np.float32([[1.0, 0.0], [0.5, 0.5]])  # sure, and as unsure as can be
    >>> evidence = evidence_of([0, 0], ["cat", "dog"], pred_probs=probs)
    >>> Entropy().fit(evidence).scores_["score"].to_pylist()
    [0.0, 1.0]
    """

    name: ClassVar[str] = "entropy"
    kinds: ClassVar[tuple[str, ...]] = ("class",)
    needs: ClassVar[tuple[str, ...]] = ("pred_probs",)
    reference: ClassVar[str] = "Baseline of Kuan & Mueller, DataPerf 2022"

    per_class: bool = True
    scores_: Any = field(default=None, init=False, repr=False)

    def fit(self, evidence: Evidence) -> Self:
        """Score the annotations of `evidence`."""
        assert evidence.pred_probs is not None
        scores = normalised_entropy(evidence.pred_probs)
        flagged = unusually_high(scores, evidence.labels, per_class=self.per_class)
        self.scores_ = annotation_scores(evidence, "class", scores, flagged)
        return self


def normalised_entropy(probs: Any) -> Any:
    """Entropy of each row (N, K) over log K, float64 (N,).

    >>> normalised_entropy(np.array([[0.5, 0.5], [1.0, 0.0]])).tolist()
    [1.0, 0.0]
    """
    some = np.where(probs > 0, probs, 1.0).astype(np.float64)
    return -(some * np.log(some)).sum(axis=1) / np.log(max(probs.shape[1], 2)) + 0.0
