"""Boosted trees from the numbers of a mask to its overlap with the true one, out of fold."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evidence.domain import fit_domain, in_domain
from benchmark_n.evidence.evidence import Floats, Ints
from benchmark_n.evidence.row_store import Rows
from benchmark_n.runtime.optional_imports import import_extra

# Chosen on other photographs than those that are reported, on noise seeds from 101 on.
TREES = {
    "max_iter": 100,
    "learning_rate": 0.1,
    "max_leaf_nodes": 15,
    "min_samples_leaf": 15,
    "l2_regularization": 1.0,
    "max_bins": 64,
    "random_state": 0,
}
# A mask that has nothing of its object is no worse than one that has little.
_WORST = 0.3


def predict_overlap(
    rows: Rows, target: str, folds: Ints, kinds: Collection[int]
) -> NDArray[np.float32]:
    """Overlap of each given mask with the true one, by trees of the other folds, float32 (N,).

    Of a mask without pixels it is 0.

    Parameters
    ----------
    rows
        Of `benchmark_n.detectors.quality_sentinel.self_fit.rows.make_rows`.
    target
        ``ious`` or ``boundary_ious``.
    folds
        int64 (N,): fold of each annotation; what is made of it is in the same.
    kinds
        Of the rows that the trees are fitted on; given masks are 0.
    """
    ensemble = import_extra("sklearn.ensemble", "detect", "the self-fit of quality_sentinel")
    features = np.asarray(rows["features"], np.float32)
    fold, own = folds[rows["places"]], np.asarray(rows["kinds"]) == 0
    used = np.isin(rows["kinds"], list(kinds))
    targets = np.clip(rows[target], _WORST, 1)
    made = np.zeros(len(folds), np.float32)
    for number in np.unique(folds):
        trained, asked = used & (fold != number), own & (fold == number)
        if asked.any():
            trees = ensemble.HistGradientBoostingRegressor(**TREES)
            trees.fit(features[trained], targets[trained])
            made[rows["places"][asked]] = trees.predict(features[asked])
    return np.clip(made, 0, 1)


def strangers(pictures: Floats, places: Ints, folds: Ints) -> NDArray[np.bool_]:
    """Annotations whose pictures are unlike those of the other folds, bool (N,).

    Parameters
    ----------
    pictures
        Features (n, D) of the pictures of annotations `places`, int64 (n,).
    """
    values = np.asarray(pictures, np.float32)
    strange = np.zeros(len(folds), bool)
    for number in np.unique(folds):
        held = folds[places] == number
        if held.any():
            strange[places[held]] = ~in_domain(fit_domain(values[~held]), values[held])
    return strange
