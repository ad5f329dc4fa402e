"""Detector ``posterior``: the probability that a category is wrong, from all evidence there is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np

from benchmark_n.detectors.common.opinions import opinions
from benchmark_n.detectors.common.score_tables import annotation_scores
from benchmark_n.detectors.posterior.expected import ExpectedErrors, expected_errors
from benchmark_n.detectors.posterior.groups import category_groups
from benchmark_n.detectors.posterior.noise import Fitted, fit_again, fit_noise
from benchmark_n.detectors.posterior.panel import (
    frequency_expert,
    head_experts,
    outside_experts,
)
from benchmark_n.errors import InputError
from benchmark_n.evidence import Evidence
from benchmark_n.evidence.evidence import Floats
from benchmark_n.runtime.options import check_whole
from benchmark_n.tables.scores import with_opinions


@dataclass
class Posterior:
    """Wrong categories, by the posterior over several experts and the noise of the labels.

    Two linear heads on features (out of fold), object detectors and given probabilities are
    pooled; their weights and the noise (its rate, and whether it stays inside supercategories) are
    what makes the given labels likeliest. The score is the probability that the given category is
    not the true one, the suggestion the likeliest one, and as many annotations are flagged as
    errors are expected. The derivation is in docs/posterior.md.

    Parameters
    ----------
    rounds
        Fits of the heads; from the second on they learn from the posteriors of the one before.
    pairs
        Look for pairs of categories that are confused more than others. Heads confuse the very
        pairs that the labels do, so it is done only where other experts speak.

    Attributes
    ----------
    scores_, details_
        The scores table; expected errors with their interval, shares of the noise and weights.
    pool_
        float64 (N, K): probability of each category without a look at the given one.

    References
    ----------
    .. [1] Hinton: Products of experts, ICANN 1999.
    .. [2] Natarajan et al.: Learning with noisy labels, NeurIPS 2013.

    Examples
    --------
    >>> import numpy as np
    >>> from benchmark_n.evidence import evidence_of
    >>> probs = np.tile(np.float32([[0.9, 0.1], [0.1, 0.9]]), (20, 1))
    >>> labels = np.tile([0, 1], 20)
    >>> labels[0] = 1  # looks like a cat, and is called a dog
    >>> found = Posterior().fit(evidence_of(labels, ["cat", "dog"], pred_probs=probs))
    >>> int(found.scores_["score"].to_numpy().argmax()), found.pool_.shape
    (0, (40, 2))
    """

    name: ClassVar[str] = "posterior"
    kinds: ClassVar[tuple[str, ...]] = ("class",)
    needs: ClassVar[tuple[str, ...]] = ()
    any_of: ClassVar[tuple[str, ...]] = ("features", "detections", "predictions", "pred_probs")
    reference: ClassVar[str] = "Log-linear pool with fitted label noise; Benchmark-N"

    rounds: int = 2
    pairs: bool = True
    scores_: Any = field(default=None, init=False, repr=False)
    details_: dict[str, Any] = field(default_factory=dict, init=False, repr=False)
    pool_: Any = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        check_whole("posterior.rounds", self.rounds, least=1)

    def fit(self, evidence: Evidence) -> Self:
        """Score the annotations of `evidence`.

        Raises
        ------
        InputError
            Features without folds: what learns from a label may not judge it.
        """
        labels, count = evidence.labels, len(evidence.category_ids)
        if evidence.features is not None and evidence.folds is None:
            raise InputError("detector 'posterior': features without folds, expected both")
        if count == 1:
            nothing = np.zeros(len(labels))
            self.scores_ = annotation_scores(evidence, "class", nothing, nothing > 0)
            return self
        first, last = self._fits(evidence)
        scores = last.judged.wrong(labels)
        units = np.unique(evidence.image_ids, return_inverse=True)[1]
        expected = expected_errors(first.pool, first.values, labels, units, scores)
        self.pool_ = last.judged.pool
        self.details_ = _details(first, last, expected)
        table = annotation_scores(
            evidence,
            "class",
            scores,
            most_suspect(scores, round(expected.count)),
            categories=last.judged.true.argmax(axis=1),
        )
        self.scores_ = with_opinions(table, opinions(evidence))
        return self

    def _fits(self, evidence: Evidence) -> tuple[Fitted, Fitted]:
        """The first fit, whose noise is the estimate, and the last, whose ranking is the best."""
        labels, count = evidence.labels, len(evidence.category_ids)
        groups = category_groups(evidence)
        others = [*outside_experts(evidence), frequency_expert(labels, count)]

        def experts(targets: Floats) -> list[Any]:
            if evidence.features is None or evidence.folds is None:
                return others
            features = np.asarray(evidence.features, np.float64)
            return [*head_experts(features, targets, evidence.folds, groups), *others]

        pairs = self.pairs and len(others) > 1
        first = fit_noise(experts(np.eye(count)[labels]), labels, groups, pairs=pairs)
        last = first
        if evidence.features is not None:
            for _ in range(self.rounds - 1):
                last = fit_again(experts(last.judged.true), first)
        return first, last


def most_suspect(scores: Floats, count: int) -> Any:
    """Flags (N,) of the `count` largest scores; of equal ones the first.

    >>> most_suspect(np.array([0.1, 0.9, 0.5]), 2).tolist()
    [False, True, True]
    """
    flagged = np.zeros(len(scores), bool)
    flagged[np.argsort(-scores, kind="stable")[:count]] = True
    return flagged


def _details(first: Fitted, last: Fitted, expected: ExpectedErrors) -> dict[str, Any]:
    return {
        "expected_errors": round(expected.count, 1),
        "interval_95": [round(expected.low, 1), round(expected.high, 1)],
        "shares": {name: round(value, 4) for name, value in first.shares.items()},
        "weights": {name: round(value, 4) for name, value in last.weights.items()},
    }
