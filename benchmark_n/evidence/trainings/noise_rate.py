"""Share of wrong labels, estimated from predictions out of fold."""

from __future__ import annotations

import numpy as np

from benchmark_n.evidence.evidence import Floats, Ints
from benchmark_n.evidence.trainings.loop import TrainingData, plain_step, predict, train

_EPOCHS = 15


def estimated_rate(data: TrainingData, folds: Ints) -> float:
    """Share of labels that the confident joint of held-out predictions says to be wrong.

    Parameters
    ----------
    folds
        int64 (N,): each is predicted by a training on all other folds.
    """
    probs = np.zeros((len(data.labels), data.num_categories), np.float32)
    for fold in np.unique(folds).tolist():
        seen, held_out = data.at(np.flatnonzero(folds != fold)), np.flatnonzero(folds == fold)
        network = seen.network()
        train(seen, network, plain_step(seen), _EPOCHS)
        probs[held_out] = predict(data.at(held_out), network)
    return confident_rate(probs, data.labels)


def confident_rate(probs: Floats, labels: Ints) -> float:
    """Share of wrong labels by the calibrated confident joint, 0 to 1.

    An annotation counts for the likeliest of the categories that reach their threshold, the mean
    probability of the category among the annotations given it; the counts of each given category
    are scaled to its number.

    References
    ----------
    .. [1] Northcutt, Jiang, Chuang: Confident Learning, JAIR 70 (2021), equations 1 to 3.

    Examples
    --------
    >>> confident_rate(np.array([[0.9, 0.1], [0.9, 0.1], [0.2, 0.8]]), np.array([0, 1, 1]))
    0.3333333333333333
    """
    count = probs.shape[1]
    sizes = np.bincount(labels, minlength=count)
    own = probs[np.arange(len(labels)), labels]
    sums = np.bincount(labels, weights=own, minlength=count)
    limits = np.divide(sums, sizes, out=np.full(count, np.inf), where=sizes > 0)
    reached = probs >= limits - 1e-6
    likeliest = np.where(reached, probs, -1.0).argmax(axis=1)
    counted = reached.any(axis=1)
    joint = np.zeros((count, count))
    np.add.at(joint, (labels[counted], likeliest[counted]), 1)
    totals = joint.sum(axis=1)
    right = np.divide(np.diag(joint), totals, out=np.ones(count), where=totals > 0)
    return float(((1 - right) * sizes).sum() / max(len(labels), 1))
