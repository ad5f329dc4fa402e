"""The detector, and the evidence it reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from benchmark_n.detectors.common.score_tables import annotation_scores
from benchmark_n.errors import InputError
from benchmark_n.evidence import Evidence


@dataclass
class QualitySentinel:
    """The given mask is suspect where its predicted Dice coefficient is low.

    It is predicted by weights, or by a regressor that is fitted to the given masks themselves
    (`EvidenceOptions.fit`): that predicts boundary IoU too, and the score is 1 less the mean of
    predicted IoU and boundary IoU. The table has the further column ``in_domain`` where it is known
    whether an annotation's picture is like those of the training.

    Parameters
    ----------
    threshold
        Below this predicted coefficient a mask is flagged.
    self_threshold
        Below this mean of predicted IoU and boundary IoU a mask is flagged.

    References
    ----------
    .. [1] Chen, Zhou, Yuille: Quality Sentinel: Estimating Label Quality and Errors in Medical
           Segmentation Datasets, 2024 (arXiv 2406.00327).

    Examples
    --------
    >>> import numpy as np
    >>> from benchmark_n.evidence import evidence_of
    >>> evidence = evidence_of([0, 0], ["liver"], predicted_dsc=np.float32([0.75, 0.96875]))
    >>> scores = QualitySentinel().fit(evidence).scores_
    >>> scores["score"].to_pylist(), scores["flagged"].to_pylist()
    ([0.25, 0.03125], [True, False])
    """

    name: ClassVar[str] = "quality_sentinel"
    kinds: ClassVar[tuple[str, ...]] = ("spatial",)
    needs: ClassVar[tuple[str, ...]] = ("predicted_dsc",)
    may_read: ClassVar[tuple[str, ...]] = ("predicted_boundary_iou", "in_domain")
    of_masks: ClassVar[tuple[str, ...]] = ("spatial",)
    reference: ClassVar[str] = "Chen, Zhou, Yuille: Quality Sentinel, 2024"

    threshold: float = 0.92
    self_threshold: float = 0.85
    scores_: Any = field(default=None, init=False)

    def __post_init__(self) -> None:
        for option in ("threshold", "self_threshold"):
            value = getattr(self, option)
            if not 0 <= value <= 1:
                raise InputError(
                    f"{self.name}.{option} is {value!r}, expected a number from 0 to 1"
                )

    def fit(self, evidence: Evidence) -> Self:
        """Score the annotations of `evidence`."""
        assert evidence.predicted_dsc is not None
        predicted, threshold = evidence.predicted_dsc, self.threshold
        if evidence.predicted_boundary_iou is not None:
            ious = predicted / (2 - predicted)
            predicted = (ious + evidence.predicted_boundary_iou) / 2
            threshold = self.self_threshold
        domain = evidence.in_domain
        self.scores_ = annotation_scores(
            evidence,
            "spatial",
            1 - predicted,
            predicted < threshold,
            further=None if domain is None else {"in_domain": domain},
        )
        return self
