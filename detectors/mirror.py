"""MIRROR: several classifiers contradict the given category, and look at the same place.

No code was published; this follows the paper's equations. Its points that are open (the category
and layer of the saliency maps) are options of the evidence ``saliency``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmark_n.detectors.common.score_tables import annotation_scores
from benchmark_n.evidence import Evidence
from benchmark_n.evidence.evidence import Floats, Ints

EPSILON = 1e-8
NONE = -1
_CHUNK = 4096
_STEPS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
_STAR_STEPS = (0.0, 0.2, 0.3, 0.4, 0.5)
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


@dataclass
class Mirror:
    """Wrong categories, by the disagreement d, the saliency agreement alpha and s = d alpha [1]_.

    d is 1 where all M classifiers predict one and the same other category, or where none reaches
    the confidence `tau_star`. Flagged is d = 1 with alpha of at least `tau`; the score is
    (d + alpha) / 2 where d = 1 and 0 elsewhere, so that alpha ranks what d finds. The table has
    the further columns ``d``, ``alpha`` (null where a map says nothing) and ``s``.

    Where a map has no place that speaks for its category, alpha is not defined: the score is then
    1/2, that of d alone; the annotation is flagged only where `tau` is 0, and counted in
    ``details_``.

    Parameters
    ----------
    tau
        Least alpha of a flag; 0 flags every d = 1.
    tau_star
        Confidence below which a prediction counts as none; 0 switches the clause off.

    References
    ----------
    .. [1] Dhanakshirur et al.: MIRROR, under review for MIDL 2026.
    """

    name: ClassVar[str] = "mirror"
    kinds: ClassVar[tuple[str, ...]] = ("class",)
    needs: ClassVar[tuple[str, ...]] = ("model_probs", "saliency")
    reference: ClassVar[str] = "Dhanakshirur et al., MIRROR, under review for MIDL 2026"

    tau: Share = 0.0
    tau_star: Share = 0.0
    scores_: Any = field(default=None, init=False, repr=False)
    details_: Mapping[str, Any] = field(default_factory=dict, init=False, repr=False)

    def fit(self, evidence: Evidence) -> Self:
        """Score the annotations of `evidence`."""
        assert evidence.model_probs is not None
        assert evidence.saliency is not None
        differs, categories = disagreement(evidence.model_probs, evidence.labels, self.tau_star)
        alpha = saliency_agreement(evidence.saliency)
        self.scores_ = annotation_scores(
            evidence,
            "class",
            ranking(differs, alpha),
            flags(differs, alpha, self.tau),
            categories=categories,
            further={"d": differs, "alpha": alpha, "s": differs * alpha},
        )
        self.details_ = {
            "models": len(evidence.model_probs),
            "d": int(differs.sum()),
            "d_by_low_confidence_alone": int((differs & (categories == NONE)).sum()),
            "no_spatial_evidence": int(np.isnan(alpha).sum()),
            "no_spatial_evidence_within_d": int((differs & np.isnan(alpha)).sum()),
            "sweep": sweep(evidence.model_probs, evidence.labels, alpha),
        }
        return self


def disagreement(
    probs: Floats, labels: Ints, tau_star: float = 0.0
) -> tuple[NDArray[np.bool_], Ints]:
    """d of each annotation, and the category that all models agree on.

    Parameters
    ----------
    probs, labels
        (M, N, K) and int64 (N,).

    Returns
    -------
    bool (N,) and int64 (N,)
        The category is -1 where the models differ or agree with the given one.
    """
    predicted = probs.argmax(axis=2)
    unanimous = (predicted == predicted[0]).all(axis=0) & (predicted[0] != labels)
    unsure = (probs.max(axis=2) < tau_star).all(axis=0)
    return unanimous | unsure, np.where(unanimous, predicted[0], NONE)


def saliency_agreement(saliency: Floats) -> NDArray[np.float64]:
    """alpha: sum over the places of the least of M maps, over that of the largest, float64 (N,).

    Parameters
    ----------
    saliency
        (M, N, h, w), 0 to 1. An annotation with an all-zero map gets NaN.
    """
    parts = [
        _agreement(saliency[:, start : start + _CHUNK].astype(np.float64))
        for start in range(0, saliency.shape[1], _CHUNK)
    ]
    return np.concatenate(parts)


def _agreement(maps: NDArray[np.float64]) -> NDArray[np.float64]:
    alpha = maps.min(axis=0).sum((1, 2)) / (maps.max(axis=0).sum((1, 2)) + EPSILON)
    blank = (maps.max((2, 3)) <= 0).any(axis=0)
    return np.where(blank, np.nan, alpha)


def flags(differs: NDArray[np.bool_], alpha: Floats, tau: float) -> NDArray[np.bool_]:
    """d = 1 with alpha of at least `tau`; without alpha only where `tau` is 0."""
    return differs & (np.nan_to_num(alpha, nan=0.0) >= tau)


def ranking(differs: NDArray[np.bool_], alpha: Floats) -> NDArray[np.float64]:
    """(d + alpha) / 2 where d is 1, else 0; alpha that is not defined adds nothing."""
    return np.where(differs, (1 + np.nan_to_num(alpha, nan=0.0)) / 2, 0.0)


def sweep(probs: Floats, labels: Ints, alpha: Floats) -> list[dict[str, float | int]]:
    """Number of flags at each pair of thresholds."""
    rows: list[dict[str, float | int]] = []
    for tau_star in _STAR_STEPS:
        differs, _ = disagreement(probs, labels, tau_star)
        for tau in _STEPS:
            flagged = int(flags(differs, alpha, tau).sum())
            rows.append({"tau": tau, "tau_star": tau_star, "flagged": flagged})
    return rows
