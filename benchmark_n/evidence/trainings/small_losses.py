"""USDNL: trained on the annotations of small loss under a single dropout.

References
----------
.. [1] Xu, Niu, Yang, Drew, Zhou, Chen: USDNL: Uncertainty-Based Single Dropout in Noisy Label
       Learning, AAAI 2023.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evidence.evidence import Ints
from benchmark_n.evidence.trainings.loop import EPOCHS, TrainingData, cross_entropies, train

GRADUAL = 10


def dropped_epochs(data: TrainingData, rate: float, epochs: int = EPOCHS) -> NDArray[np.bool_]:
    """Which annotations each epoch at the full rate left out of its updates, bool (E, N).

    Each batch goes through the network once, with dropout; its gradient is that of the mean of the
    (1 - R) smallest losses. R rises from 0 to `rate` over the first `GRADUAL` epochs, which are not
    among the E.

    Parameters
    ----------
    rate
        Share of wrong labels, told or estimated.
    """
    dropped = np.zeros((epochs, len(data.labels)), bool)

    def step(epoch: int, places: Ints, logits: Any, hidden: Any) -> Any:
        losses = cross_entropies(data, places, logits)
        order = losses.detach().argsort(stable=True)
        kept = int((1 - forget_rate(epoch, rate)) * len(places))
        dropped[epoch, places[order[kept:].cpu().numpy()]] = True
        return losses[order[: max(kept, 1)]].mean()

    train(data, data.network(), step, epochs)
    return dropped[GRADUAL:]


def forget_rate(epoch: int, rate: float) -> float:
    """R of an epoch, counted from 0.

    >>> forget_rate(0, 0.2), forget_rate(9, 0.2), forget_rate(20, 0.2)
    (0.0, 0.2, 0.2)
    """
    return rate * min(epoch / (GRADUAL - 1), 1.0)
