"""Small losses under a single dropout."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Self

import msgspec
import numpy as np

from benchmark_n.detectors.common.score_tables import annotation_scores
from benchmark_n.errors import InputError
from benchmark_n.evidence import Evidence


@dataclass
class Usdnl:
    """The annotations of largest loss in one pass with dropout; as many as the noise rate says.

    The score is the rank of the loss, 0 to 1. Of the method [1]_ this is the selection of small
    losses under one dropout alone, on the linear heads' features: the paper selects in each epoch
    of a training that goes on with what is selected, which is not done here.

    Parameters
    ----------
    noise_rate
        Share of wrong categories; it has to be known or guessed.

    References
    ----------
    .. [1] Xu, Niu, Yang, Drew, Zhou, Chen: USDNL: Uncertainty-Based Single Dropout in Noisy Label
           Learning, AAAI 2023.
    """

    name: ClassVar[str] = "usdnl"
    kinds: ClassVar[tuple[str, ...]] = ("class",)
    needs: ClassVar[tuple[str, ...]] = ("dropout_probs",)
    told: ClassVar[tuple[str, ...]] = ("noise rate",)
    reference: ClassVar[str] = "Selection of USDNL (Xu et al., AAAI 2023), not its training"

    noise_rate: Annotated[float, msgspec.Meta(gt=0, lt=1)] | None = None
    scores_: Any = field(default=None, init=False, repr=False)

    def fit(self, evidence: Evidence) -> Self:
        """Score the annotations of `evidence`."""
        if self.noise_rate is None:
            raise InputError(
                "detector 'usdnl' needs the noise rate: `options={'usdnl.noise_rate': 0.2}`"
            )
        assert evidence.dropout_probs is not None
        single = evidence.dropout_probs[0]
        given = single[np.arange(len(evidence)), evidence.labels]
        order = np.argsort(-given, kind="stable")
        ranks = np.empty(len(evidence))
        ranks[order] = np.arange(len(evidence)) / max(len(evidence) - 1, 1)
        kept = round((1 - self.noise_rate) * len(evidence))
        flagged = np.zeros(len(evidence), bool)
        flagged[order[kept:]] = True
        self.scores_ = annotation_scores(
            evidence, "class", ranks, flagged, categories=single.argmax(axis=1)
        )
        return self
