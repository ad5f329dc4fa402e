"""USDNL: annotations that a training on small losses keeps leaving out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from benchmark_n.detectors.common.score_tables import annotation_scores
from benchmark_n.evidence import Evidence

_MOST_EPOCHS = 0.5


@dataclass
class Usdnl:
    """How often an annotation was left out of the updates of a training under a single dropout.

    Each mini-batch goes through the network once, with dropout; of its annotations only those of
    small loss train it [1]_ (see `benchmark_n.evidence.trainings.small_losses`). How many is the
    noise rate, which the evidence estimates, or is told (`noise_rate` of the evidence's options;
    results say so). The score is the share of the epochs at the full rate that left the annotation
    out; flagged is more than half of them, in the place of a threshold of the authors', who train
    a classifier and list no errors.

    References
    ----------
    .. [1] Xu, Niu, Yang, Drew, Zhou, Chen: USDNL: Uncertainty-Based Single Dropout in Noisy Label
           Learning, AAAI 2023.

    Examples
    --------
    >>> import numpy as np
    >>> from benchmark_n.evidence import evidence_of
    >>> dropped = np.array([[False, True], [False, True], [True, True], [False, False]])
    >>> evidence = evidence_of([0, 0], ["cat"], dropped=dropped)  # four epochs, two annotations
    >>> Usdnl().fit(evidence).scores_["score"].to_pylist()
    [0.25, 0.75]
    """

    name: ClassVar[str] = "usdnl"
    kinds: ClassVar[tuple[str, ...]] = ("class",)
    needs: ClassVar[tuple[str, ...]] = ("dropped",)
    reference: ClassVar[str] = "Xu et al., USDNL, AAAI 2023"

    scores_: Any = field(default=None, init=False, repr=False)

    def fit(self, evidence: Evidence) -> Self:
        """Score the annotations of `evidence`."""
        assert evidence.dropped is not None
        shares = evidence.dropped.mean(axis=0)
        self.scores_ = annotation_scores(evidence, "class", shares, shares > _MOST_EPOCHS)
        return self
