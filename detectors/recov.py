"""ReCoV: wrong labels keep turning up in the worst fold of a cross-validation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmark_n.detectors.common.fresh_folds import random_folds
from benchmark_n.detectors.common.ridge_folds import RidgeFolds, components
from benchmark_n.detectors.common.score_tables import annotation_scores
from benchmark_n.errors import InputError
from benchmark_n.evidence import Evidence
from benchmark_n.evidence.evidence import Ints


@dataclass
class ReCoV:
    """How often an annotation lies in the worst of `folds`, over `repeats` cross-validations [1]_.

    In each repetition the annotations are parted at random, and those of the fold of least
    accuracy get a count. Without noise a count is binomial, of `repeats` trials and 1 / `folds`;
    the p-value is 1 less its distribution function, and flagged is what the procedure of Benjamini
    and Hochberg [2]_ rejects at `rate`. The score is the share of the repetitions.

    The heads are linear on frozen features, as in the authors' experiments: ridge regression in the
    place of logistic regression, on the first 128 principal components, so that thousands of
    repetitions take seconds. The worst fold is that of least accuracy; the authors take the area
    under the curve of two categories.

    Parameters
    ----------
    repeats, folds
        At least 1 and 2.
    rate
        Accepted share of false ones among the flags.
    seed
        Of the partitions.

    References
    ----------
    .. [1] Chen, Ramanathan, Xu, Martel: Detecting noisy labels with repeated cross-validations,
           MICCAI 2024 (arXiv 2306.13990): ReCoV.
    .. [2] Benjamini, Hochberg: Controlling the False Discovery Rate, Journal of the Royal
           Statistical Society B 57 (1995).

    Examples
    --------
    >>> from benchmark_n.evidence import evidence_of
    >>> rows = np.float32(np.repeat(np.eye(2), 10, axis=0) + np.linspace(0, 0.1, 20)[:, None])
    >>> labels = np.repeat([0, 1], 10)
    >>> labels[3] = 1  # lies among the cats, and is called a dog
    >>> found = ReCoV(repeats=50).fit(evidence_of(labels, ["cat", "dog"], embeddings=rows))
    >>> int(found.scores_["score"].to_numpy().argmax()), found.details_["expected"]
    (3, 10.0)
    """

    name: ClassVar[str] = "recov"
    kinds: ClassVar[tuple[str, ...]] = ("class",)
    needs: ClassVar[tuple[str, ...]] = ("embeddings",)
    reference: ClassVar[str] = "Chen et al., ReCoV, MICCAI 2024; ridge heads"

    repeats: Annotated[int, msgspec.Meta(ge=1)] = 2000
    folds: Annotated[int, msgspec.Meta(ge=2)] = 5
    rate: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.05
    seed: int = 0
    scores_: Any = field(default=None, init=False, repr=False)
    details_: Mapping[str, Any] = field(default_factory=dict, init=False, repr=False)

    def fit(self, evidence: Evidence) -> Self:
        """Score the annotations of `evidence`."""
        assert evidence.embeddings is not None
        check_folds(evidence, self.folds)
        heads = RidgeFolds(
            components(evidence.embeddings), evidence.labels, len(evidence.category_ids)
        )
        counts, predicted = self._count(heads, evidence)
        flagged = significant(counts, self.repeats, self.folds, self.rate)
        self.scores_ = annotation_scores(
            evidence, "class", counts / self.repeats, flagged, categories=predicted
        )
        self.details_ = {"largest_count": int(counts.max()), "expected": self.repeats / self.folds}
        return self

    def _count(self, heads: RidgeFolds, evidence: Evidence) -> tuple[Ints, Ints]:
        """Count of each annotation, and the category of the largest held-out prediction."""
        counts = np.zeros(len(evidence), np.int64)
        sums = np.zeros((len(evidence), len(evidence.category_ids)))
        for repeat in range(self.repeats):
            parts = random_folds(evidence.annotation_ids, self.folds, self.seed, f"recov{repeat}")
            right = []
            for places in parts:
                values = heads.held_out(places)
                sums[places] += values
                right.append(float((values.argmax(axis=1) == evidence.labels[places]).mean()))
            counts[parts[int(np.argmin(right))]] += 1
        return counts, sums.argmax(axis=1)


def significant(counts: Ints, repeats: int, folds: int, rate: float) -> NDArray[np.bool_]:
    """Counts (N,) that are too large for Binomial(`repeats`, 1 / `folds`), bool (N,).

    >>> significant(np.array([20, 21, 60]), 100, 5, 0.05).tolist()
    [False, False, True]
    """
    from scipy import stats

    tails = stats.binom.sf(counts, repeats, 1 / folds)
    return np.asarray(stats.false_discovery_control(tails, method="bh") <= rate)


def check_folds(evidence: Evidence, folds: int) -> None:
    """Refuse more folds than annotations.

    Raises
    ------
    InputError
        There are fewer annotations.
    """
    if len(evidence) < folds:
        raise InputError(f"{len(evidence)} annotations, expected at least as many as {folds} folds")
