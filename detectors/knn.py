"""Labels that the nearest neighbours in feature space do not share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmark_n.detectors.common.neighbours import cosine_neighbours
from benchmark_n.detectors.common.score_tables import annotation_scores
from benchmark_n.evidence import Evidence
from benchmark_n.evidence.evidence import Floats, Ints


@dataclass
class NearestNeighbours:
    """How little of the weight of the nearest neighbours has the given category.

    The neighbours are the `neighbours` other annotations of largest cosine similarity of the
    features, each weighted by it. The score is 1 less the given category's share of the weight;
    flagged is where another category has more [1]_ [2]_. Nothing is trained. Of 10,000
    annotations or more, each is compared with those like it alone
    (see `benchmark_n.detectors.common.neighbours`).

    Parameters
    ----------
    neighbours
        Their number; fewer where there are not as many annotations.

    References
    ----------
    .. [1] Training-free feature-space detection of label errors for boxes, arXiv 2606.10666: by its
           abstract alone.
    .. [2] Bahri, Jiang, Gupta: Deep k-NN for Noisy Labels, ICML 2020.

    Examples
    --------
    >>> from benchmark_n.evidence import evidence_of
    >>> rows = np.float32([[1, 0], [1, 0], [1, 0], [0, 1], [0, 1], [0, 1]])
    >>> evidence = evidence_of([0, 0, 1, 1, 1, 1], ["cat", "dog"], embeddings=rows)
    >>> scores = NearestNeighbours(neighbours=2).fit(evidence).scores_
    >>> scores["score"].to_pylist()  # the third is called a dog, its two neighbours cats
    [0.5, 0.5, 1.0, 0.0, 0.0, 0.0]
    """

    name: ClassVar[str] = "knn"
    kinds: ClassVar[tuple[str, ...]] = ("class",)
    needs: ClassVar[tuple[str, ...]] = ("embeddings",)
    reference: ClassVar[str] = "Agreement of nearest neighbours, after Bahri et al., ICML 2020"

    neighbours: Annotated[int, msgspec.Meta(ge=1)] = 10
    scores_: Any = field(default=None, init=False, repr=False)

    def fit(self, evidence: Evidence) -> Self:
        """Score the annotations of `evidence`."""
        assert evidence.embeddings is not None
        count = len(evidence.category_ids)
        shares = neighbour_shares(evidence.embeddings, evidence.labels, count, self.neighbours)
        own = shares[np.arange(len(evidence)), evidence.labels]
        other = shares.max(axis=1) > own
        likeliest = np.where(other, shares.argmax(axis=1), evidence.labels)
        self.scores_ = annotation_scores(evidence, "class", 1 - own, other, categories=likeliest)
        return self


def neighbour_shares(
    features: Floats, labels: Ints, num_categories: int, neighbours: int
) -> NDArray[np.float64]:
    """Share of each category in the neighbours' weight, float64 (N, K); zeros without weight.

    Parameters
    ----------
    features, labels
        (N, D), standardised here, and int64 (N,).
    """
    count = len(features)
    shares = np.zeros((count, num_categories))
    places, similarity = cosine_neighbours(features, min(neighbours, count - 1))
    weights = np.maximum(similarity, 0)
    for column in range(weights.shape[1]):
        shares[np.arange(count), labels[places[:, column]]] += weights[:, column]
    return np.asarray(shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-12))
