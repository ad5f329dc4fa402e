"""A confident prediction of another category."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from benchmark_n.detectors.common.score_tables import annotation_scores
from benchmark_n.detectors.common.thresholds import confident_other, largest_other
from benchmark_n.evidence import Evidence


@dataclass
class Disagreement:
    """The score is the probability of the likeliest other category.

    Parameters
    ----------
    per_class
        Flag by each category's mean self-confidence instead of one half.

    References
    ----------
    .. [1] Northcutt, Jiang, Chuang: Confident Learning, JAIR 70 (2021), baseline by argmax.

    Examples
    --------
    >>> import numpy as np
    >>> from benchmark_n.evidence import evidence_of
    >>> probs = np.float32([[0.75, 0.25], [0.25, 0.75]])
    >>> evidence = evidence_of([0, 0], ["cat", "dog"], pred_probs=probs)
    >>> scores = Disagreement(per_class=False).fit(evidence).scores_
    >>> scores["score"].to_pylist(), scores["flagged"].to_pylist()
    ([0.25, 0.75], [False, True])
    """

    name: ClassVar[str] = "disagreement"
    kinds: ClassVar[tuple[str, ...]] = ("class",)
    needs: ClassVar[tuple[str, ...]] = ("pred_probs",)
    reference: ClassVar[str] = "Baseline argmax of Northcutt et al., JAIR 2021"

    per_class: bool = True
    scores_: Any = field(default=None, init=False, repr=False)

    def fit(self, evidence: Evidence) -> Self:
        """Score the annotations of `evidence`."""
        probs = evidence.pred_probs
        assert probs is not None
        flagged, likeliest = confident_other(probs, evidence.labels, per_class=self.per_class)
        scores = largest_other(probs, evidence.labels)
        self.scores_ = annotation_scores(evidence, "class", scores, flagged, categories=likeliest)
        return self
