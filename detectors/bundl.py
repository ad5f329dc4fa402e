"""BUNDL: given labels that the posterior of the clean label does not support."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np

from benchmark_n.detectors.common.score_tables import annotation_scores
from benchmark_n.evidence import Evidence
from benchmark_n.evidence.trainings.posterior import clean_posterior


@dataclass
class Bundl:
    """One less the posterior probability that the given label is the clean one [1]_.

    A network is trained against the posterior, which weighs what ten passes with dropout say by
    their entropy against the given label (see `benchmark_n.evidence.trainings.posterior`). For two
    categories that is the authors' form for errors in both directions; for more it is ours.
    Flagged is where another category is likelier: how the authors of MIRROR, who compare with it,
    made flags of it is not told.

    References
    ----------
    .. [1] Shama, Venkataraman: Bayesian uncertainty-aware deep learning with noisy labels: Tackling
           annotation ambiguity in EEG seizure detection, PLOS ONE 21 (2026), arXiv 2410.19815.

    Examples
    --------
    >>> import numpy as np
    >>> from benchmark_n.evidence import evidence_of
    >>> passes = np.float32([[[0.999, 0.001], [0.5, 0.5]]])  # one pass: sure of a cat, and unsure
    >>> evidence = evidence_of([0, 0], ["cat", "dog"], posterior_passes=passes)
    >>> Bundl().fit(evidence).scores_["score"].to_numpy().round(2).tolist()
    [0.0, 0.5]
    """

    name: ClassVar[str] = "bundl"
    kinds: ClassVar[tuple[str, ...]] = ("class",)
    needs: ClassVar[tuple[str, ...]] = ("posterior_passes",)
    reference: ClassVar[str] = "Shama et al., BUNDL, 2026; our form for more than two categories"

    scores_: Any = field(default=None, init=False, repr=False)

    def fit(self, evidence: Evidence) -> Self:
        """Score the annotations of `evidence`."""
        assert evidence.posterior_passes is not None
        target = clean_posterior(evidence.posterior_passes, evidence.labels)
        likeliest = target.argmax(axis=1)
        own = target[np.arange(len(evidence)), evidence.labels]
        self.scores_ = annotation_scores(
            evidence, "class", 1 - own, likeliest != evidence.labels, categories=likeliest
        )
        return self
