"""Can a classifier tell two sets of masks apart? An AUROC of .5 says no.

References
----------
.. [1] Lopez-Paz, Oquab: Revisiting Classifier Two-Sample Tests, ICLR 2017.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evaluators.label_errors.bootstrap import Weights, bootstrap, interval
from benchmark_n.evaluators.label_errors.ranking import auroc, make_blocks
from benchmark_n.runtime.optional_imports import import_extra, one_thread

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
CLASSIFIERS = ("gradient_boosting", "extra_trees")
_ABSENT = -9.0  # in place of NaN, for trees


@dataclass(frozen=True)
class Protocol:
    """Everything that decides the result besides the masks.

    Parameters
    ----------
    folds, seeds
        Folds by image, and what classifiers and folds are seeded with; scores are means of seeds.
    replicates
        Of the bootstrap over images.
    """

    folds: int = 5
    seeds: tuple[int, ...] = (0, 1)
    replicates: int = 500

    @property
    def digest(self) -> str:
        """Names the protocol: 12 hexadecimal digits."""
        text = json.dumps([asdict(self), CLASSIFIERS], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class TwoSamples:
    """How well two sets of masks are told apart.

    Parameters
    ----------
    items, images
        Masks of the first and of the second set, and images of both.
    auroc, interval
        Of the stronger classifier, out of fold, with its percentile interval over images.
    classifier
        Which one that is; `all_aurocs` has each one's.
    features
        Feature to what shuffling it costs in AUROC, the greatest first: what gives noise away.

    Examples
    --------
    >>> few = Protocol(folds=2, seeds=(0,), replicates=20)
    >>> rows, images = np.arange(40.0)[:, None], np.arange(40)
    >>> found = tell_apart(rows, rows + 100, (images, images), ["size"], few)
    >>> found.items, found.auroc  # every value of one set is larger than all of the other
    ((40, 40), 1.0)
    """

    items: tuple[int, int]
    images: int
    auroc: float
    interval: tuple[float, float] | None
    classifier: str
    all_aurocs: dict[str, float]
    features: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def tell_apart(
    first: Floats,
    second: Floats,
    images: tuple[Ints, Ints],
    names: Sequence[str],
    protocol: Protocol = Protocol(),
) -> TwoSamples | None:
    """Train classifiers to tell the rows of `first` from those of `second`, out of fold by image.

    Parameters
    ----------
    first, second
        float64 (N, F), (M, F); NaN for what is absent.
    images
        int64 (N,) and (M,): rows of one image are in one fold.
    names
        Of the F features.

    Returns
    -------
    TwoSamples or None
        None where there are fewer images than folds, or an empty set.

    Raises
    ------
    InputError
        The extra ``detect`` is missing.
    """
    rows = np.concatenate([first, second])
    target = np.concatenate([np.ones(len(first), bool), np.zeros(len(second), bool)])
    units, groups = np.unique(np.concatenate(images), return_inverse=True)
    if len(units) < protocol.folds or target.all() or not target.any():
        return None
    found = {name: _out_of_fold(name, rows, target, groups, protocol) for name in CLASSIFIERS}
    aurocs = {name: _auroc(scores, target) for name, (scores, _) in found.items()}
    strongest = max(CLASSIFIERS, key=lambda name: aurocs[name])
    scores, drops = found[strongest]
    order = np.argsort(-drops, kind="stable").tolist()
    return TwoSamples(
        (len(first), len(second)),
        len(units),
        aurocs[strongest],
        _interval(scores, target, groups, protocol),
        strongest,
        aurocs,
        {names[i]: round(float(drops[i]), 4) for i in order},
    )


def _auroc(scores: Floats, target: NDArray[np.bool_]) -> float:
    blocks = make_blocks(scores)
    return float(auroc(blocks.counts(target), blocks.counts(~target)))


def _interval(
    scores: Floats, target: NDArray[np.bool_], groups: Ints, protocol: Protocol
) -> tuple[float, float] | None:
    blocks = make_blocks(scores)

    def measure(weights: Weights) -> dict[str, Floats]:
        rows = weights[:, groups]
        return {"auroc": auroc(blocks.counts(rows * target), blocks.counts(rows * ~target))}

    count = int(groups.max()) + 1
    drawn = bootstrap(measure, count, len(target), protocol.replicates, protocol.seeds[0])
    return interval(drawn["auroc"]) if drawn else None


def _classifier(name: str, seed: int) -> Any:
    ensemble = import_extra("sklearn.ensemble", "detect", "the two-sample test")
    if name == "extra_trees":
        return ensemble.ExtraTreesClassifier(
            300, min_samples_leaf=5, class_weight="balanced", random_state=seed
        )
    return ensemble.HistGradientBoostingClassifier(
        max_iter=120,
        learning_rate=0.08,
        max_leaf_nodes=15,
        min_samples_leaf=15,
        l2_regularization=1.0,
        class_weight="balanced",
        early_stopping=False,
        random_state=seed,
    )


def _out_of_fold(
    name: str, rows: Floats, target: NDArray[np.bool_], groups: Ints, protocol: Protocol
) -> tuple[Floats, Floats]:
    """Mean scores (N,) over seeds, and what shuffling each feature costs in AUROC, (F,)."""
    selection = import_extra("sklearn.model_selection", "detect", "the two-sample test")
    rows = np.nan_to_num(rows, nan=_ABSENT)
    scores, shuffled = np.zeros(len(rows)), np.zeros((rows.shape[1], len(rows)))
    with one_thread("the two-sample test"):
        for seed in protocol.seeds:
            splitter = selection.StratifiedGroupKFold(
                protocol.folds, shuffle=True, random_state=seed
            )
            for train, held_out in splitter.split(rows, target, groups):
                model = _classifier(name, seed).fit(rows[train], target[train])
                scores[held_out] += _probability(model, rows[held_out])
                changed = np.tile(rows[held_out], (rows.shape[1], 1, 1))
                rng = np.random.default_rng([seed, len(held_out)])
                for feature, values in enumerate(changed):
                    values[:, feature] = rng.permutation(values[:, feature])
                # All at once: most of what a call on few rows costs is per tree, not per row.
                found = _probability(model, changed.reshape(-1, rows.shape[1]))
                shuffled[:, held_out] += found.reshape(len(changed), -1)
    whole = _auroc(scores, target)
    drops = np.array([whole - _auroc(np.round(row, 9), target) for row in shuffled])
    return np.round(scores / len(protocol.seeds), 9), drops


def _probability(model: Any, rows: Floats) -> Floats:
    probability: Floats = model.predict_proba(rows)[:, 1]
    return probability
