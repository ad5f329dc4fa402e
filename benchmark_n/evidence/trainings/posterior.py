"""BUNDL: trained against what dropout and the given label together say of the clean one.

References
----------
.. [1] Shama, Venkataraman: Bayesian uncertainty-aware deep learning with noisy labels: Tackling
       annotation ambiguity in EEG seizure detection, PLOS ONE 21 (2026), arXiv 2410.19815.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evidence.evidence import Floats, Ints
from benchmark_n.evidence.trainings.loop import (
    EPOCHS,
    TrainingData,
    cross_entropies,
    outputs,
    predict,
    train,
)

PASSES = 10
WARM_UP = 10
_LEAST = 1e-3


def clean_posterior(passes: Floats, labels: Ints) -> NDArray[np.float64]:
    """Probability of each category to be the clean one, float64 (N, K).

    With p the mean of the passes and u the mean of their entropies over log K, it is u p + (1 - u)
    of the given label. For two categories this is the authors' form for labels that may be wrong
    in both directions; for more it is ours.

    Parameters
    ----------
    passes
        (T, N, K): probabilities of T passes with dropout, cut to .001 and .999 as theirs.
    labels
        int64 (N,); a given label counts .999, and each other category shares the rest.

    Examples
    --------
    >>> sure = np.array([[[0.999, 0.001]]])
    >>> clean_posterior(sure, np.array([1])).round(3)
    array([[0.012, 0.988]])
    """
    count = passes.shape[2]
    cut = np.clip(np.asarray(passes, np.float64), _LEAST, 1 - _LEAST)
    mean = cut.mean(axis=0)
    mean /= mean.sum(axis=1, keepdims=True)
    entropies = -(cut * np.log(cut)).sum(axis=2).mean(axis=0)
    unsure = np.clip(entropies / np.log(max(count, 2)), 0, 1)[:, None]
    given = np.full((len(labels), count), _LEAST / max(count - 1, 1))
    given[np.arange(len(labels)), labels] = 1 - _LEAST if count > 1 else 1.0
    return np.asarray(unsure * mean + (1 - unsure) * given)


def posterior_passes(data: TrainingData, epochs: int = EPOCHS) -> NDArray[np.float32]:
    """Probabilities float32 (T, N, K) of T passes with dropout, after the training.

    The first `WARM_UP` epochs are of cross-entropy against the given labels, in the place of the
    authors' weights of an earlier training: a network that knows nothing would be trained against
    its own guesses.
    """
    import torch

    network = data.network()

    def step(epoch: int, places: Ints, logits: Any, hidden: Any) -> Any:
        if epoch < WARM_UP:
            return cross_entropies(data, places, logits).mean()
        with_dropout(network)
        values = data.tensor(places)
        with torch.no_grad():
            passes = [outputs(network, values)[0].softmax(1).cpu().numpy() for _ in range(PASSES)]
        network.train()
        target = torch.from_numpy(clean_posterior(np.stack(passes), data.labels[places]))
        logs = torch.nn.functional.log_softmax(logits, 1)
        return -(target.to(logs) * logs).sum(1).mean()

    train(data, network, step, epochs)
    with_dropout(network)
    return np.stack([predict(data, network) for _ in range(PASSES)])


def with_dropout(network: Any) -> None:
    """Evaluation mode, but for dropout: averages of normalisation stay as they are."""
    import torch

    network.eval()
    for module in network.modules():
        if isinstance(module, torch.nn.Dropout):
            module.train()
