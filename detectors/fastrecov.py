"""fastReCoV: folds that gather what was predicted badly so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmark_n.detectors.common.fresh_folds import Order, random_folds, ranked_folds
from benchmark_n.detectors.common.score_tables import annotation_scores
from benchmark_n.detectors.recov import check_folds
from benchmark_n.evidence import Evidence
from benchmark_n.evidence.crops.linear_heads import cross_validate

NEW = 0.3  # weight of a run's probabilities; the rest is the memory's
TEMPERATURE = 0.1


@dataclass
class FastReCoV:
    """The memory of held-out probabilities over `runs` cross-validations [1]_.

    After each run the memory is .3 times the held-out probabilities and .7 times itself. The next
    folds are drawn by it: the likelier its given category, the earlier an annotation is drawn
    without replacement, with chances proportional to exp(memory / .1); the first drawn are the best
    fold, the last the worst. The score is 1 less the memory of the given category.

    The authors flag as many of the lowest as they know to be wrong. By its own flags this detector
    takes those whose memory is largest for another category. The heads are logistic regressions on
    frozen features.

    Parameters
    ----------
    runs, folds
        At least 1 and 2.
    seed
        Of the draws.

    References
    ----------
    .. [1] Chen, Ramanathan, Xu, Martel: Detecting noisy labels with repeated cross-validations,
           MICCAI 2024 (arXiv 2306.13990): fastReCoV.

    Examples
    --------
    >>> from benchmark_n.evidence import evidence_of
    >>> rows = np.repeat(np.eye(2), 20, axis=0).repeat(32, axis=1)  # 20 cats and 20 dogs
    >>> labels = np.repeat([0, 1], 20)
    >>> labels[3] = 1  # lies among the cats, and is called a dog
    >>> evidence = evidence_of(labels, ["cat", "dog"], embeddings=rows)
    >>> int(FastReCoV(runs=3).fit(evidence).scores_["score"].to_numpy().argmax())
    3
    """

    name: ClassVar[str] = "fastrecov"
    kinds: ClassVar[tuple[str, ...]] = ("class",)
    needs: ClassVar[tuple[str, ...]] = ("embeddings",)
    reference: ClassVar[str] = "Chen et al., fastReCoV, MICCAI 2024; logistic heads"

    runs: Annotated[int, msgspec.Meta(ge=1)] = 10
    folds: Annotated[int, msgspec.Meta(ge=2)] = 5
    seed: int = 0
    scores_: Any = field(default=None, init=False, repr=False)

    def fit(self, evidence: Evidence) -> Self:
        """Score the annotations of `evidence`."""
        check_folds(evidence, self.folds)
        memory = np.zeros((len(evidence), len(evidence.category_ids)))
        own = np.arange(len(evidence)), evidence.labels
        ids = evidence.annotation_ids
        parts = random_folds(ids, self.folds, self.seed, "fastrecov0")
        for run in range(self.runs):
            if run:
                name = f"fastrecov{run}"
                parts = ranked_folds(ids, memory[own], self.folds, TEMPERATURE, self.seed, name)
            memory = remember(memory, _held_out(evidence, parts))
        likeliest = memory.argmax(axis=1)
        self.scores_ = annotation_scores(
            evidence,
            "class",
            1 - memory[own],
            likeliest != evidence.labels,
            categories=likeliest,
        )
        return self


def remember(memory: NDArray[np.float64], probs: NDArray[Any]) -> NDArray[np.float64]:
    """The memory (N, K) after a run with held-out probabilities (N, K)."""
    return np.asarray(NEW * probs + (1 - NEW) * memory)


def _held_out(evidence: Evidence, parts: list[Order]) -> NDArray[np.float32]:
    """Probabilities (N, K) of the annotations, each predicted without its fold."""
    assert evidence.embeddings is not None
    folds = np.zeros(len(evidence), np.int64)
    for number, places in enumerate(parts):
        folds[places] = number
    count = len(evidence.category_ids)
    made = cross_validate(evidence.embeddings, evidence.labels, folds, count, workers=1)
    return np.asarray(made[0])
