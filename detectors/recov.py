"""Repeated cross-validation, after its fast variant."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np

from benchmark_n.detectors.evidence import Evidence
from benchmark_n.detectors.rows import annotation_scores


@dataclass
class ReCoV:
    """Annotations that do badly whatever the partition into folds.

    The original counts how often an annotation lies in the worst of the folds over hundreds of
    cross-validations. The fast variant needs tens: each annotation's own held-out loss is ranked
    in each repetition. The score is the mean rank, 0 to 1; flagged is what is predicted as
    another category in most repetitions.

    References
    ----------
    .. [1] Chen, Ramanathan, Xu, Martel: Detecting noisy labels with repeated cross-validations,
           MICCAI 2024 (arXiv 2306.13990): ReCoV and fastReCoV. The ranking of single annotations
           is our reading of the fast variant.
    """

    name: ClassVar[str] = "recov"
    kinds: ClassVar[tuple[str, ...]] = ("class",)
    needs: ClassVar[tuple[str, ...]] = ("repeated_probs",)
    reference: ClassVar[str] = "Chen et al., ReCoV (fast variant), 2024"

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
