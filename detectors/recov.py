"""Mean rank over repeated cross-validations, after the fast variant of ReCoV."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np

from benchmark_n.detectors.common.score_tables import annotation_scores
from benchmark_n.evidence import Evidence


@dataclass
class ReCoV:
    """Annotations that do badly whatever the partition into folds.

    The original [1]_ counts how often an annotation lies in the worst of the folds over hundreds
    of cross-validations; its fast variant needs tens. What is done here is our reading of that
    variant, not the authors' code: each annotation's own held-out probability of the given
    category is ranked in each of ten repetitions, and the score is the mean rank, 0 to 1. Flagged
    is what is predicted as another category in most repetitions, in the place of a threshold of
    theirs. The repetitions train linear heads on frozen features, not networks.

    References
    ----------
    .. [1] Chen, Ramanathan, Xu, Martel: Detecting noisy labels with repeated cross-validations,
           MICCAI 2024 (arXiv 2306.13990): ReCoV and fastReCoV.
    """

    name: ClassVar[str] = "recov"
    kinds: ClassVar[tuple[str, ...]] = ("class",)
    needs: ClassVar[tuple[str, ...]] = ("repeated_probs",)
    reference: ClassVar[str] = "After fastReCoV of Chen et al., 2024: mean rank only"

    scores_: Any = field(default=None, init=False, repr=False)

    def fit(self, evidence: Evidence) -> Self:
        """Score the annotations of `evidence`."""
        probs = evidence.repeated_probs
        assert probs is not None
        given = probs[:, np.arange(len(evidence)), evidence.labels]
        ranks = (-given).argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
        scores = ranks.mean(axis=0) / max(len(evidence) - 1, 1)
        others = probs.argmax(axis=2) != evidence.labels
        self.scores_ = annotation_scores(
            evidence,
            "class",
            scores,
            others.mean(axis=0) > 0.5,
            categories=probs.mean(axis=0).argmax(axis=1),
        )
        return self
