"""MIRROR: several classifiers contradict the given category, and look at the same place.

No code was published; this follows the paper's equations. What it leaves open are options: here the
thresholds tau and tau*, of the evidence ``saliency`` the category and layer of the maps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, NamedTuple, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmark_n.detectors.common.agreement_thresholds import Rule, agreement_threshold
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
    the confidence `tau_star`. The score is s, and flagged is s of at least tau, which is above 0:
    classifiers that contradict a category while they look at different places flag nothing. The
    table has the further columns ``d``, its two clauses ``d_unanimous`` and ``d_unsure``,
    ``alpha`` (null where a map says nothing) and ``s``.

    Where a map has no place that speaks for its category, the models share nothing: s is 0. Such
    annotations are counted in ``details_``.

    Parameters
    ----------
    tau
        Least s of a flag, above 0. The paper does not tell it; None: chosen by `rule`, without
        truth.
    rule, level
        See `benchmark_n.detectors.common.agreement_thresholds`. Both were chosen on scenes and
        noise that no table reports (``scripts/reproduce/select_mirror_tau.py``).
    tau_star
        Confidence below which a prediction counts as none; 0 switches the clause off.

    References
    ----------
    .. [1] Dhanakshirur et al.: MIRROR, under review for MIDL 2026.

    Examples
    --------
    >>> import numpy as np
    >>> from benchmark_n.evidence import evidence_of
    >>> probs = np.tile(np.float32([0.1, 0.9]), (2, 3, 1))  # two models say dog, three times
    >>> maps = np.zeros((2, 3, 1, 4), np.float32)
    >>> maps[:, :, :, :2] = 1.0  # and look at the left half,
    >>> maps[1, 2] = [[0, 0, 1, 1]]  # but of the last annotation one at the right half
    >>> evidence = evidence_of([1, 0, 0], ["cat", "dog"], model_probs=probs, saliency=maps)
    >>> scores = Mirror(tau=0.5).fit(evidence).scores_
    >>> scores["alpha"].to_numpy().round(2).tolist(), scores["s"].to_numpy().round(2).tolist()
    ([1.0, 1.0, 0.0], [0.0, 1.0, 0.0])
    """

    name: ClassVar[str] = "mirror"
    kinds: ClassVar[tuple[str, ...]] = ("class",)
    needs: ClassVar[tuple[str, ...]] = ("model_probs", "saliency")
    reference: ClassVar[str] = "Dhanakshirur et al., MIRROR, under review for MIDL 2026"

    tau: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = None
    rule: Rule = "quantile"
    level: Share = 0.01
    tau_star: Share = 0.0
    scores_: Any = field(default=None, init=False, repr=False)
    details_: Mapping[str, Any] = field(default_factory=dict, init=False, repr=False)

    def fit(self, evidence: Evidence) -> Self:
        """Score the annotations of `evidence`."""
        assert evidence.model_probs is not None
        assert evidence.saliency is not None
        probs, labels = evidence.model_probs, evidence.labels
        found = disagreement(probs, labels, self.tau_star)
        alpha = saliency_agreement(evidence.saliency)
        tau = self.tau
        if tau is None:
            agreed = agreement(probs, labels)
            tau = agreement_threshold(alpha, agreed, found.differs, self.rule, self.level)
        self.scores_ = annotation_scores(
            evidence,
            "class",
            ranking(found.differs, alpha),
            flags(found.differs, alpha, tau),
            categories=found.categories,
            further={
                "d": found.differs,
                "d_unanimous": found.unanimous,
                "d_unsure": found.unsure,
                "alpha": alpha,
                "s": found.differs * alpha,
            },
        )
        self.details_ = {
            "models": len(probs),
            "tau": tau,
            "tau_chosen_by": "given" if self.tau is not None else self.rule,
            "d": int(found.differs.sum()),
            "d_by_low_confidence_alone": int((found.unsure & ~found.unanimous).sum()),
            "no_spatial_evidence": int(np.isnan(alpha).sum()),
            "no_spatial_evidence_within_d": int((found.differs & np.isnan(alpha)).sum()),
            "sweep": sweep(probs, labels, alpha),
        }
        return self


class Disagreement(NamedTuple):
    """The two clauses of d, bool (N,), and the category that all models agree on, int64 (N,).

    The category is -1 where the models differ or agree with the given one.
    """

    unanimous: NDArray[np.bool_]
    unsure: NDArray[np.bool_]
    categories: Ints

    @property
    def differs(self) -> NDArray[np.bool_]:
        """d itself: either clause."""
        return self.unanimous | self.unsure


def disagreement(probs: Floats, labels: Ints, tau_star: float = 0.0) -> Disagreement:
    """d of each annotation.

    Parameters
    ----------
    probs, labels
        (M, N, K) and int64 (N,).
    """
    predicted = probs.argmax(axis=2)
    unanimous = (predicted == predicted[0]).all(axis=0) & (predicted[0] != labels)
    unsure = (probs.max(axis=2) < tau_star).all(axis=0)
    return Disagreement(unanimous, unsure, np.where(unanimous, predicted[0], NONE))


def agreement(probs: Floats, labels: Ints) -> NDArray[np.bool_]:
    """Whether all models name the given category, bool (N,)."""
    return np.asarray((probs.argmax(axis=2) == labels).all(axis=0))


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
    """s of at least `tau`; 0, which the detector does not take, is d alone."""
    return differs & (np.nan_to_num(alpha, nan=0.0) >= tau)


def ranking(differs: NDArray[np.bool_], alpha: Floats) -> NDArray[np.float64]:
    """s = d alpha, float64 (N,); alpha that is not defined counts as 0."""
    return np.asarray(differs * np.nan_to_num(alpha, nan=0.0), np.float64)


def sweep(probs: Floats, labels: Ints, alpha: Floats) -> list[dict[str, float | int]]:
    """Number of flags at each pair of thresholds; tau of 0 is d alone."""
    rows: list[dict[str, float | int]] = []
    for tau_star in _STAR_STEPS:
        found = disagreement(probs, labels, tau_star)
        for tau in _STEPS:
            flagged = int(flags(found.differs, alpha, tau).sum())
            rows.append({"tau": tau, "tau_star": tau_star, "flagged": flagged})
    return rows
