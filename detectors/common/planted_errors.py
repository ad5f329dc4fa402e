"""The probability of an error, from what errors of that kind look like when they are planted.

Of a kind of error we can plant as many as we like: an annotation removed, a box laid where nothing
is, a label changed. With f the density of features over what is judged, and f1 over the planted
errors, f = (1 - s) f0 + s f1, where s is the unknown share of errors, so that

    P(error | x) = s f1(x) / f(x).

The ratio comes from a classifier of planted against judged, out of fold. The share is the largest
that f allows, min over regions R of f(R) / f1(R) [1]_: it takes for an error all that is not told
from one.

References
----------
.. [1] Blanchard, Lee, Scott: Semi-supervised novelty detection, JMLR 11 (2010), section 6.
.. [2] Elkan, Noto: Learning classifiers from only positive and unlabeled data, KDD 2008.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evidence.evidence import Evidence, Ints
from benchmark_n.runtime.optional_imports import import_extra, one_thread
from benchmark_n.runtime.random_streams import uniforms

Floats = NDArray[np.float64]
FOLDS = 5
# Shares of the planted errors, the surest first, that regions for the share of errors hold.
_REGIONS = (0.5, 0.35, 0.25, 0.15)
# Fewer planted or judged ones tell nothing of a ratio.
LEAST = 20
# A larger share of errors than this is not believed.
MOST = 0.5
_MODEL = {
    "max_iter": 60,
    "learning_rate": 0.08,
    "max_leaf_nodes": 8,
    "min_samples_leaf": 20,
    "l2_regularization": 1.0,
    "early_stopping": False,
    "random_state": 0,
}


@dataclass(frozen=True)
class ErrorProbabilities:
    """Of N judged items: `values` float64 (N,), 0 to 1, and the `share` of errors among them.

    Where the features do not tell an error from what is judged, the values are zeros, and the
    share is None.
    """

    values: Floats
    share: float | None


def error_probabilities(
    judged: Floats, planted: Floats, judged_folds: Ints, planted_folds: Ints
) -> ErrorProbabilities:
    """Probability that each judged item is an error of the kind that was planted.

    Parameters
    ----------
    judged, planted
        float64 (N, D) and (M, D): features.
    judged_folds, planted_folds
        int64 (N,) and (M,): an item is judged by what was learnt in the other folds.

    Returns
    -------
    ErrorProbabilities
        Zeros and no share where there are too few to learn from, or where the share could be
        above `MOST`: the features tell too little then.

    Examples
    --------
    >>> judged = np.r_[np.zeros(90), np.ones(10)][:, None]
    >>> folds = np.arange(100) % 5
    >>> found = error_probabilities(judged, np.ones((100, 1)), folds, folds)
    >>> round(found.share, 1), round(float(found.values[-1]), 1), round(float(found.values[0]), 1)
    (0.1, 1.0, 0.0)
    """
    if min(len(judged), len(planted)) < LEAST:
        return ErrorProbabilities(np.zeros(len(judged)), None)
    rows = np.concatenate([judged, planted])
    wrong = np.arange(len(rows)) >= len(judged)
    folds = np.concatenate([judged_folds, planted_folds])
    ratio = _out_of_fold_ratio(rows, wrong, folds)
    share = error_share(ratio[~wrong], ratio[wrong])
    if share > MOST:
        return ErrorProbabilities(np.zeros(len(judged)), None)
    return ErrorProbabilities(np.clip(share * ratio[~wrong], 0.0, 1.0), share)


def error_share(judged: Floats, planted: Floats) -> float:
    """The largest share of errors among what is judged that its density allows, 0 to 1.

    Parameters
    ----------
    judged, planted
        float64 (N,) and (M,): the larger, the more like a planted error.
    """
    shares = []
    for region in _REGIONS:
        bound = np.quantile(planted, 1 - region)
        of_planted = float((planted >= bound).mean())
        # As if one more were there: regions are small, and none may be empty by chance.
        of_judged = (float((judged >= bound).sum()) + 1) / (len(judged) + 1)
        shares.append(of_judged / of_planted)
    return min(1.0, *shares)


def _out_of_fold_ratio(rows: Floats, wrong: NDArray[np.bool_], folds: Ints) -> Floats:
    """f1 / f of each row, by boosted trees on the other folds; both sides weigh the same there."""
    what = "probabilities of errors"
    ensemble = import_extra("sklearn.ensemble", "detect", what)
    ratio = np.ones(len(rows))
    for fold in np.unique(folds).tolist():
        held = folds == fold
        counts = np.bincount(wrong[~held], minlength=2)
        if not counts.all():
            continue
        weights = (1 / counts)[wrong[~held].astype(int)] * counts.sum() / 2
        model = ensemble.HistGradientBoostingClassifier(**_MODEL)
        with one_thread(what):
            model.fit(rows[~held], wrong[~held], sample_weight=weights)
            probability = np.clip(model.predict_proba(rows[held])[:, 1], 1e-6, 1 - 1e-6)
        ratio[held] = probability / (1 - probability)
    return ratio


def image_folds(evidence: Evidence, image_ids: Ints) -> Ints:
    """The fold of each image, int64: that of its annotations, else drawn from its id."""
    drawn = (uniforms(0, "fold of image", image_ids) * FOLDS).astype(np.int64)
    if evidence.folds is None:
        return drawn
    known = dict(zip(evidence.image_ids.tolist(), evidence.folds.tolist(), strict=True))
    pairs = zip(image_ids.tolist(), drawn.tolist(), strict=True)
    return np.array([known.get(image, fold) for image, fold in pairs], np.int64)
