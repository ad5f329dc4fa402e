"""DynaCor: how the margins of annotations, and of copies with wrong labels, move in a training.

References
----------
.. [1] Kim, Lee, Kang, Chae, Jang, Yu: Learning Discriminative Dynamics with Label Corruption
       for Noisy Label Detection, CVPR 2024.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.errors import InputError
from benchmark_n.evidence.evidence import Ints
from benchmark_n.evidence.trainings.loop import EPOCHS, TrainingData, cross_entropies, train
from benchmark_n.runtime.random_streams import hashes

SHARE = 0.1
_COPIES, _LABELS = "dynacor.copies", "dynacor.labels"


def chosen_copies(ids: Ints, seed: int) -> NDArray[np.intp]:
    """Places of the tenth of the annotations that are copied, by their ids; at least one."""
    count = max(round(SHARE * len(ids)), 1)
    return np.sort(np.argsort(hashes(seed, _COPIES, ids), kind="stable")[:count])


def corrupted_labels(labels: Ints, ids: Ints, num_categories: int, seed: int) -> Ints:
    """Another category for each label, all others alike.

    Raises
    ------
    InputError
        There is no other category.
    """
    if num_categories < 2:
        raise InputError("dynamics of corrupted copies need two categories, found 1")
    steps = hashes(seed, _LABELS, ids) % np.uint64(num_categories - 1)
    return (labels + 1 + steps.astype(np.int64)) % num_categories


def corrupted_dynamics(
    data: TrainingData,
    copies: NDArray[Any],
    places: NDArray[np.intp],
    labels: Ints,
    epochs: int = EPOCHS,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Margins of each annotation and of its corrupted copy in each epoch, float32 (E, N) twice.

    A margin is the logit of the label less the largest other one, as the batch that the annotation
    was in saw it. Of annotations that were not copied the second is NaN.

    Parameters
    ----------
    copies
        Values (C, …) of the copied annotations under another augmentation.
    places, labels
        (C,) the places of the copied, and the wrong labels of the copies.
    """
    both = replace(
        data,
        values=np.concatenate([data.values, copies]),
        labels=np.concatenate([data.labels, labels]),
    )
    margins = np.full((epochs, len(both.labels)), np.nan, np.float32)

    def step(epoch: int, chosen: Ints, logits: Any, hidden: Any) -> Any:
        margins[epoch, chosen] = _margins(logits.detach(), both.labels[chosen])
        return cross_entropies(both, chosen, logits).mean()

    train(both, both.network(), step, epochs)
    count = len(data.labels)
    spread = np.full((epochs, count), np.nan, np.float32)
    spread[:, places] = margins[:, count:]
    return margins[:, :count], spread


def _margins(logits: Any, labels: Ints) -> NDArray[np.float32]:
    # A copy: the array of a tensor on the CPU is the tensor, whose loss is still to be taken.
    values = logits.cpu().numpy().copy()
    rows = np.arange(len(values))
    own = values[rows, labels]
    values[rows, labels] = -np.inf
    return np.asarray(own - values.max(axis=1), np.float32)
