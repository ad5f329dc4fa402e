"""Boosted trees from the numbers of a mask to its overlap with the true one, out of fold."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from benchmark_n.detectors.quality_sentinel.self_fit.spoiling import SPOILT_KINDS
from benchmark_n.evidence.domain import fit_domain, in_domain
from benchmark_n.evidence.evidence import Floats, Ints
from benchmark_n.evidence.row_store import Rows
from benchmark_n.runtime.optional_imports import import_extra, one_thread

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
OWN = "own"
KINDS = (OWN, *SPOILT_KINDS)
# What each kind of row counts in a fit. Given masks look drawn otherwise than worse ones, which
# tells masks of another hand from the rest, but hides errors of the same hand: one of the two fits
# does without them. Gross changes teach little about fine ones.
_GROSS = 0.25
_WORSE = {"contour": 1.0, "shift": _GROSS, "pasted": _GROSS}
WEIGHTS = {"ious": _WORSE, "boundary_ious": {OWN: 1.0, **_WORSE}}
# A mask that has nothing of its object is no worse than one that has little.
_WORST = 0.3


def predict_overlaps(
    rows: Rows, folds: Ints, weights: Mapping[str, Mapping[str, float]] = WEIGHTS
) -> dict[str, NDArray[np.float32]]:
    """Overlaps of each given mask with the true one, by trees of the other folds.

    Parameters
    ----------
    rows
        Of `benchmark_n.detectors.quality_sentinel.self_fit.rows.make_rows`.
    folds
        int64 (N,): fold of each annotation; what is made of it is in the same.
    weights
        Of each kind of row, for each overlap; kinds without one are left out.

    Returns
    -------
    dict
        Overlap, such as ``ious``, to float32 (N,), 0 to 1; 0 of a mask without pixels.
    """
    return {target: _predict(rows, target, folds, own) for target, own in weights.items()}


def _predict(
    rows: Rows, target: str, folds: Ints, weights: Mapping[str, float]
) -> NDArray[np.float32]:
    what = "the self-fit of quality_sentinel"
    ensemble = import_extra("sklearn.ensemble", "detect", what)
    features = np.asarray(rows["features"], np.float32)
    kinds, places = np.asarray(rows["kinds"]), np.asarray(rows["places"])
    weight = np.array([weights.get(kind, 0.0) for kind in KINDS])[kinds]
    targets = np.clip(rows[target], _WORST, 1)
    made = np.zeros(len(folds), np.float32)
    for number in np.unique(folds):
        trained = (weight > 0) & (folds[places] != number)
        asked = (kinds == KINDS.index(OWN)) & (folds[places] == number)
        if asked.any():
            trees = ensemble.HistGradientBoostingRegressor(**TREES)
            with one_thread(what):
                trees.fit(features[trained], targets[trained], sample_weight=weight[trained])
                made[places[asked]] = trees.predict(features[asked])
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
