"""Outlines whose pixels a segmenter contradicts, pooled by a soft minimum."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmark_n.detectors.common.score_tables import annotation_scores
from benchmark_n.detectors.common.thresholds import unusually_high
from benchmark_n.evidence import Evidence
from benchmark_n.evidence.evidence import Floats


@dataclass
class SoftMin:
    """One less the soft minimum of the probabilities of the given label at its pixels [1]_.

    A segmenter gives each pixel of the mask, and of a ring around it, a probability of what the
    annotation says of it: mask or not. The few lowest ones decide. The authors score images; here
    each instance is scored within its crop. Flagged is what lies more than a standard deviation
    above the mean: the authors rank, and set no threshold of their own.

    Parameters
    ----------
    temperature
        The lower, the nearer to the minimum; high ones come to the mean.

    References
    ----------
    .. [1] Lad, Mueller: Estimating label quality and errors in semantic segmentation data via any
           model, arXiv 2307.05080 (equation 1).

    Examples
    --------
    >>> import numpy as np
    >>> from benchmark_n.evidence import evidence_of
    >>> support = np.float32([[[0.9, 0.9]], [[0.9, 0.0]]])  # crops of 1 x 2 px
    >>> evidence = evidence_of([0, 0], ["cat"], pixel_support=support)
    >>> SoftMin().fit(evidence).scores_["score"].to_numpy().round(2).tolist()
    [0.1, 1.0]
    """

    name: ClassVar[str] = "soft_min"
    kinds: ClassVar[tuple[str, ...]] = ("spatial",)
    needs: ClassVar[tuple[str, ...]] = ("pixel_support",)
    of_masks: ClassVar[tuple[str, ...]] = ("spatial",)
    reference: ClassVar[str] = "Lad and Mueller, 2023, a score an instance"

    temperature: Annotated[float, msgspec.Meta(gt=0)] = 0.1
    scores_: Any = field(default=None, init=False, repr=False)

    def fit(self, evidence: Evidence) -> Self:
        """Score the annotations of `evidence`."""
        assert evidence.pixel_support is not None
        scores = 1 - soft_minima(evidence.pixel_support, self.temperature)
        flagged = unusually_high(scores, evidence.labels, per_class=False)
        self.scores_ = annotation_scores(evidence, "spatial", scores, flagged)
        return self


def soft_minima(probs: Floats, temperature: float) -> NDArray[np.float64]:
    """Mean of each row's values with weights proportional to exp((1 - value) / temperature), (N,).

    Parameters
    ----------
    probs
        (N, h, w), 0 to 1; NaN where a pixel does not count. A row without any gives 1.

    Examples
    --------
    >>> soft_minima(np.array([[[0.0, 1.0]], [[0.5, np.nan]]]), 0.1).round(4).tolist()
    [0.0, 0.5]
    """
    rows = np.asarray(probs, np.float64).reshape(len(probs), -1)
    counted = np.isfinite(rows)
    values = np.where(counted, rows, 1.0)
    above = values - values.min(axis=1, keepdims=True)
    weights = np.where(counted, np.exp(-above / temperature), 0)
    totals = weights.sum(axis=1)
    sums = (weights * values).sum(axis=1)
    minima: NDArray[np.float64] = np.divide(sums, totals, out=np.ones(len(rows)), where=totals > 0)
    return minima
