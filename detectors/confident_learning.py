"""Confident learning, by cleanlab."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Self

import numpy as np

from benchmark_n.detectors.common.score_tables import annotation_scores
from benchmark_n.evidence import Evidence
from benchmark_n.runtime.optional_imports import import_extra

FilterBy = Literal[
    "both",
    "prune_by_noise_rate",
    "prune_by_class",
    "confident_learning",
    "predicted_neq_given",
    "low_normalized_margin",
    "low_self_confidence",
]
Method = Literal["self_confidence", "normalized_margin", "confidence_weighted_entropy"]


@dataclass
class ConfidentLearning:
    """Wrong categories, by the confident joint of given and latent labels.

    The score is one minus cleanlab's label quality. The joint counts an annotation of given
    category i under j where its probability of j reaches the mean self-confidence of j ([1]_,
    equations 1 and 2); its off-diagonal says how many to flag, by given category
    (``prune_by_class``), by entry (``prune_by_noise_rate``), or what both agree on (``both``).

    The thresholds are one a category by construction, so that rare categories, of which models
    are less sure, are not over-flagged.

    Parameters
    ----------
    method
        cleanlab's own default. ``"normalized_margin"`` ranks better where categories are confused
        with their like and the probabilities are good, worse where categories have few examples.
    adjust
        Take each category's mean self-confidence off the probabilities that the score is made of.

    References
    ----------
    .. [1] Northcutt, Jiang, Chuang: Confident Learning: Estimating Uncertainty in Dataset Labels,
           JAIR 70 (2021).
    .. [2] Kuan, Mueller: Model-agnostic label quality scoring to detect real-world label errors,
           ICML DataPerf workshop 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from benchmark_n.evidence import evidence_of
    >>> probs = np.float32([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.95, 0.05]])
    >>> evidence = evidence_of([0, 0, 1, 1, 1], ["cat", "dog"], pred_probs=probs)
    >>> scores = ConfidentLearning(filter_by="prune_by_noise_rate").fit(evidence).scores_
    >>> scores["score"].to_numpy().round(2).tolist()  # the last dog looks like a cat
    [0.1, 0.2, 0.1, 0.2, 0.95]
    >>> scores["flagged"].to_pylist()
    [False, False, False, False, True]
    """

    name: ClassVar[str] = "cleanlab"
    kinds: ClassVar[tuple[str, ...]] = ("class",)
    needs: ClassVar[tuple[str, ...]] = ("pred_probs",)
    reference: ClassVar[str] = "Northcutt et al., Confident Learning, JAIR 2021"

    filter_by: FilterBy = "both"
    method: Method = "self_confidence"
    adjust: bool = False
    scores_: Any = field(default=None, init=False, repr=False)

    def fit(self, evidence: Evidence) -> Self:
        """Score the annotations of `evidence`."""
        filters = import_extra("cleanlab.filter", "detect", "detector cleanlab")
        rank = import_extra("cleanlab.rank", "detect", "detector cleanlab")
        assert evidence.pred_probs is not None
        # cleanlab wants every category to occur, and probabilities that add to one.
        present = np.unique(evidence.labels)
        labels = np.searchsorted(present, evidence.labels)
        probs = evidence.pred_probs[:, present].astype(np.float64)
        probs /= np.maximum(probs.sum(axis=1, keepdims=True), 1e-12)
        if len(present) < 2:
            nothing = np.zeros(len(labels))
            self.scores_ = annotation_scores(evidence, "class", nothing, nothing > 0)
            return self
        with warnings.catch_warnings():
            # That rare categories are flagged badly is said where results are shown.
            warnings.simplefilter("ignore", UserWarning)
            flagged = filters.find_label_issues(labels, probs, filter_by=self.filter_by, n_jobs=1)
        quality = rank.get_label_quality_scores(
            labels, probs, method=self.method, adjust_pred_probs=self.adjust
        )
        self.scores_ = annotation_scores(
            evidence, "class", 1 - quality, flagged, categories=present[probs.argmax(axis=1)]
        )
        return self
