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

    Parameters
    ----------
    threshold
        Below this predicted coefficient a mask is flagged.

    References
    ----------
    .. [1] Chen, Zhou, Yuille: Quality Sentinel: Estimating Label Quality and Errors in Medical
           Segmentation Datasets, 2024 (arXiv 2406.00327).
    """

    name: ClassVar[str] = "quality_sentinel"
    kinds: ClassVar[tuple[str, ...]] = ("spatial",)
    needs: ClassVar[tuple[str, ...]] = ("predicted_dsc",)
    of_masks: ClassVar[tuple[str, ...]] = ("spatial",)
    # Its weights, shipped or of its trainer, are fitted to masks that the noises spoilt.
    told: ClassVar[tuple[str, ...]] = ("the noise's operators",)
    reference: ClassVar[str] = "Chen, Zhou, Yuille: Quality Sentinel, 2024"

    threshold: float = 0.92
    scores_: Any = field(default=None, init=False)

    def __post_init__(self) -> None:
        if not 0 <= self.threshold <= 1:
            raise InputError(
                f"{self.name}.threshold is {self.threshold!r}, expected a number from 0 to 1"
            )

    def fit(self, evidence: Evidence) -> Self:
        """Score the annotations of `evidence`."""
        predicted = evidence.predicted_dsc
        assert predicted is not None
        self.scores_ = annotation_scores(
            evidence, "spatial", 1 - predicted, predicted < self.threshold
        )
        return self
