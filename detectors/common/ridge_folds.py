"""Held-out predictions of ridge heads over thousands of partitions into folds.

The features are reduced once, without labels, to their first principal components; then a fold
costs one small linear system, since what it holds is taken out of sums over all annotations.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evidence.crops.linear_heads import centre_and_scale
from benchmark_n.evidence.crops.many_rows import MANY, moments, row_slices, standardised
from benchmark_n.evidence.evidence import Floats, Ints

COMPONENTS = 128
Matrix = NDArray[np.float64]


def components(features: Floats, most: int = COMPONENTS) -> Matrix:
    """The first principal components of standardised features, float64 (N, min(N, D, most))."""
    if len(features) >= MANY:
        return _components_of_many(features, most)
    values = np.asarray(features, np.float64)
    mean, deviation = centre_and_scale(values)
    centred = (values - mean) / deviation
    small = centred.shape[0] < centred.shape[1]
    gram = centred @ centred.T if small else centred.T @ centred
    sizes, vectors = np.linalg.eigh(gram)
    first = np.argsort(-sizes, kind="stable")[:most]
    scale = np.sqrt(np.maximum(sizes[first], 0))
    return np.asarray(vectors[:, first] * scale if small else centred @ vectors[:, first])


def _components_of_many(features: Floats, most: int) -> Matrix:
    """The same, of rows that are standardised some at a time."""
    rows = np.arange(len(features))
    mean, deviation = moments(features, rows)
    gram = np.zeros((features.shape[1], features.shape[1]))
    for part in row_slices(len(rows)):
        block = standardised(features, rows[part], mean, deviation)
        gram += block.T @ block
    sizes, vectors = np.linalg.eigh(gram)
    first = np.argsort(-sizes, kind="stable")[:most]
    axes, made = vectors[:, first].astype(np.float32), np.empty((len(rows), len(first)))
    for part in row_slices(len(rows)):
        made[part] = standardised(features, rows[part], mean, deviation) @ axes
    return made


class RidgeFolds:
    """Ridge regression on one column a category, with an intercept, refitted without each fold.

    Parameters
    ----------
    features
        float64 (N, D) of mean 0, such as `components`.
    labels
        int64 (N,), below `num_categories`.
    penalty
        Added to the diagonal of the features' products; None: their mean, so that a direction of
        average size is shrunk by half. The intercept is not penalised.
    """

    def __init__(
        self, features: Matrix, labels: Ints, num_categories: int, penalty: float | None = None
    ) -> None:
        self._rows = np.concatenate([features, np.ones((len(features), 1))], axis=1)
        self._targets = np.eye(num_categories)[labels]
        self._products = self._rows.T @ self._rows
        self._sums = self._rows.T @ self._targets
        diagonal = np.diag(self._products)[:-1]
        ridge = float(diagonal.mean()) if penalty is None else penalty
        self._ridge = np.diag([*([max(ridge, 1e-9)] * features.shape[1]), 0.0])

    def held_out(self, places: NDArray[np.intp]) -> Matrix:
        """Predictions float64 (n, K) for the annotations at `places`, from all the others."""
        rows = self._rows[places]
        products = self._products - rows.T @ rows + self._ridge
        sums = self._sums - rows.T @ self._targets[places]
        return np.asarray(rows @ np.linalg.solve(products, sums))
