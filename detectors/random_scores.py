"""Scores by chance: the floor that every detector has to beat."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Self

import msgspec
import numpy as np

from benchmark_n.detectors.common.score_tables import annotation_scores, join_scores
from benchmark_n.evidence import Evidence


@dataclass
class Chance:
    """Uniform scores, each a function of the seed, the kind and the annotation's id alone.

    Parameters
    ----------
    rate
        Share of the annotations that is flagged.

    Examples
    --------
    >>> from benchmark_n.evidence import evidence_of
    >>> scores = Chance(seed=1).fit(evidence_of([0] * 1000, ["cat"])).scores_
    >>> round(float(scores["flagged"].to_numpy().mean()), 1)  # the share `rate`
    0.2
    """

    name: ClassVar[str] = "random"
    kinds: ClassVar[tuple[str, ...]] = ("class", "spatial")
    needs: ClassVar[tuple[str, ...]] = ()
    reference: ClassVar[str] = "The floor"

    seed: int = 0
    rate: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.2
    scores_: Any = field(default=None, init=False, repr=False)

    def fit(self, evidence: Evidence) -> Self:
        """Score the annotations of `evidence`."""
        tables = []
        for number, kind in enumerate(self.kinds):
            scores = uniform(self.seed + (number << 32), evidence.annotation_ids)
            tables.append(annotation_scores(evidence, kind, scores, scores > 1 - self.rate))
        self.scores_ = join_scores(tables)
        return self


def uniform(seed: int, ids: Any) -> Any:
    """Numbers in [0, 1), float64 (N,), by the finaliser of splitmix64 over seed and id."""
    with np.errstate(over="ignore"):
        value = np.asarray(ids).astype(np.uint64) + np.uint64(seed % 2**64) * np.uint64(
            0x9E3779B97F4A7C15
        )
        value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        value = value ^ (value >> np.uint64(31))
    return (value >> np.uint64(11)).astype(np.float64) * 2.0**-53
