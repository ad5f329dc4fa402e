"""Margin between the given category and the likeliest other one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np

from benchmark_n.detectors.common.score_tables import annotation_scores
from benchmark_n.detectors.common.thresholds import self_confidence
from benchmark_n.evidence import Evidence


@dataclass
class Margin:
    """The score is ``(1 - m) / 2`` for the margin m; negative margins are flagged.

    Parameters
    ----------
    per_class
        Take each category's mean self-confidence off its probabilities first.

    References
    ----------
    .. [1] Kuan, Mueller: Model-agnostic label quality scoring to detect real-world label errors,
           ICML DataPerf workshop 2022 (normalised margin).

    Examples
    --------
    >>> from benchmark_n.evidence import evidence_of
    >>> probs = np.float32([[0.75, 0.25], [0.25, 0.75], [0.75, 0.25]])
    >>> evidence = evidence_of([0, 1, 1], ["cat", "dog"], pred_probs=probs)
    >>> Margin(per_class=False).fit(evidence).scores_["score"].to_pylist()  # margins .5, .5, -.5
    [0.25, 0.25, 0.75]
    """

    name: ClassVar[str] = "margin"
    kinds: ClassVar[tuple[str, ...]] = ("class",)
    needs: ClassVar[tuple[str, ...]] = ("pred_probs",)
    reference: ClassVar[str] = "Kuan & Mueller, DataPerf 2022"

    per_class: bool = True
    scores_: Any = field(default=None, init=False, repr=False)

    def fit(self, evidence: Evidence) -> Self:
        """Score the annotations of `evidence`."""
        assert evidence.pred_probs is not None
        rows = np.arange(len(evidence))
        values = evidence.pred_probs.astype(np.float64)
        if self.per_class:
            values = values - self_confidence(evidence.pred_probs, evidence.labels)
        given = values[rows, evidence.labels]
        values[rows, evidence.labels] = -np.inf
        # Only categories that some annotation has are rivals.
        values[:, np.bincount(evidence.labels, minlength=values.shape[1]) == 0] = -np.inf
        rival = values.argmax(axis=1)
        margin = np.maximum(given - values[rows, rival], -1) if values.max() > -np.inf else given
        self.scores_ = annotation_scores(
            evidence, "class", (1 - margin) / 2, margin < 0, categories=rival
        )
        return self
