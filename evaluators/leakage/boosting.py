"""How well gradient boosting tells errors from what labels alone show, out of fold by unit.

No test and never a failure: that a category without a sibling is never confused, or that an opened
mask is smoother than a drawn one, is the noise's own nature. It is what a detector that sees no
picture can reach, and so the floor that one with pictures has to be above.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from benchmark_n.evaluators.label_errors.ranking import auroc, average_precision, make_blocks
from benchmark_n.evaluators.leakage.published import Flags, Floats, Ints
from benchmark_n.runtime.optional_imports import import_extra, one_thread

FOLDS = 5
_DIGITS = 2


@dataclass(frozen=True)
class Told:
    """What one kind of label tells of one kind of error.

    Parameters
    ----------
    features, target
        ``category``, ``image``, ``box`` or ``mask``; the kind of error.
    items, share
        Annotations (or images), and the share of them that is wrong: the AUPRC of chance.
    auroc, auprc
        Out of fold; None where there is one class, or fewer than two units.
    """

    features: str
    target: str
    items: int
    share: float
    auroc: float | None
    auprc: float | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def told_by(
    name: str,
    target: str,
    features: Floats,
    wrong: Flags,
    units: Ints,
    *,
    categorical: Sequence[int] = (),
) -> Told:
    """Out-of-fold AUROC and AUPRC of gradient boosting; figures are rounded to two digits.

    Parameters
    ----------
    name, target
        As in `Told`.
    features
        float64 (N, F).
    wrong
        bool (N,).
    units
        int64 (N,): what is of one unit is in one fold.
    categorical
        Columns of `features` that are names, not numbers.

    Raises
    ------
    InputError
        The extra ``detect`` is missing.

    Examples
    --------
    >>> import numpy as np
    >>> wrong = np.arange(200) % 4 == 0
    >>> told = told_by("a field", "class", 1.0 * wrong[:, None], wrong, np.arange(200))
    >>> told.auroc  # a field that says which are wrong
    1.0
    """
    folds = min(FOLDS, len(np.unique(units)))
    share = round(float(wrong.mean()), 3) if len(wrong) else 0.0
    if folds < 2 or not wrong.any() or wrong.all():
        return Told(name, target, len(wrong), share, None, None)
    scores = _out_of_fold(features, wrong, units, folds, list(categorical))
    blocks = make_blocks(scores)
    positives, negatives = blocks.counts(wrong), blocks.counts(~wrong)
    area = float(auroc(positives, negatives))
    precision = float(average_precision(positives, negatives, int(wrong.sum())))
    return Told(name, target, len(wrong), share, round(area, _DIGITS), round(precision, _DIGITS))


def _out_of_fold(
    features: Floats, wrong: Flags, units: Ints, folds: int, categorical: list[int]
) -> Floats:
    what = "what labels alone tell"
    ensemble = import_extra("sklearn.ensemble", "detect", what)
    selection = import_extra("sklearn.model_selection", "detect", what)
    scores = np.zeros(len(wrong))
    with one_thread(what):
        for train, held_out in selection.GroupKFold(folds).split(features, wrong, units):
            if len(np.unique(wrong[train])) < 2:
                scores[held_out] = wrong[train].mean()
                continue
            model = ensemble.HistGradientBoostingClassifier(
                max_iter=60,
                min_samples_leaf=10,
                early_stopping=False,
                categorical_features=categorical or None,
                random_state=0,
            )
            model.fit(features[train], wrong[train])
            scores[held_out] = model.predict_proba(features[held_out])[:, 1]
    return np.round(scores, 9)
