"""Weights of the annotations, moved by how much each helps on a clean subset.

Hoang et al. keep one weight a training sample and update it during the training by what the sample
does for the loss on a small clean set. Their formula could not be found; this is a derivation of
our own from that sentence.

References
----------
.. [1] Hoang, Tran, Rana, Gupta, Venkatesh: Revisiting sample weights based method for noisy-label
       detection and classification, ACCV 2024: by its abstract alone.
.. [2] Ren, Zeng, Yang, Urtasun: Learning to Reweight Examples for Robust Deep Learning, ICML 2018:
       the same idea with one step of weights a batch.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evidence.evidence import Ints
from benchmark_n.evidence.trainings.loop import (
    EPOCHS,
    TrainingData,
    cross_entropies,
    outputs,
    train,
)

START = 0.5
RATE = 0.1
WARM_UP = 3


def trained_weights(
    data: TrainingData, clean: NDArray[np.intp], epochs: int = EPOCHS
) -> NDArray[np.float32]:
    """Weight of each annotation at the end of the training, float32 (N,), 0 to 1.

    All start from `START`. After `WARM_UP` epochs each batch moves the weights of its annotations
    by `RATE` times the product of two gradients by the last layer, that of their own loss and that
    of the clean subset's, over the largest mean size that these products have had in a batch: a
    step down the loss of an annotation that lessens the clean loss raises its weight, and once the
    clean subset is learnt the weights stay.

    Parameters
    ----------
    clean
        Places of the annotations whose labels are known to be right.
    """
    import torch

    network = data.network()
    weights = np.full(len(data.labels), START, np.float32)
    largest = 0.0

    def step(epoch: int, places: Ints, logits: Any, hidden: Any) -> Any:
        nonlocal largest
        if epoch >= WARM_UP:
            network.eval()
            with torch.no_grad():
                seen = outputs(network, data.tensor(clean))
                own = outputs(network, data.tensor(places))
            network.train()
            of_clean = _errors(*seen, data.labels[clean])
            of_batch = _errors(*own, data.labels[places])
            products = alignments(*of_clean, *of_batch)
            largest = max(largest, float(np.abs(products).mean()))
            weights[places] = moved(weights[places], products, largest)
        losses = cross_entropies(data, places, logits)
        of_losses = torch.from_numpy(weights[places]).to(losses)
        return (of_losses * losses).sum() / of_losses.sum().clamp(min=1e-6)

    train(data, network, step, epochs)
    return weights


def alignments(
    clean_errors: NDArray[Any],
    clean_inputs: NDArray[Any],
    errors: NDArray[Any],
    inputs: NDArray[Any],
) -> NDArray[np.float64]:
    """Product of each loss's gradient by the last layer with that of the mean clean loss, (n,).

    Parameters
    ----------
    clean_errors, errors
        (C, K) and (n, K): probabilities less the labels, the gradients by the logits.
    clean_inputs, inputs
        (C, H) and (n, H): what the last layer reads, a column of ones among it for its bias.
    """
    gradient = clean_errors.T @ clean_inputs / len(clean_errors)
    return np.asarray(np.einsum("nk,kh,nh->n", errors, gradient, inputs), np.float64)


def moved(weights: NDArray[Any], products: NDArray[np.float64], size: float) -> NDArray[np.float32]:
    """Weights (n,) after a step by products (n,) over `size`, cut to 0 to 1."""
    steps = products / size if size > 0 else np.zeros_like(products)
    return np.asarray(np.clip(weights + RATE * steps, 0, 1), np.float32)


def _errors(logits: Any, hidden: Any, labels: Ints) -> tuple[NDArray[Any], NDArray[Any]]:
    """Gradients by the logits, and the last layer's input with a column of ones."""
    errors = logits.softmax(1).cpu().numpy().astype(np.float64)
    errors[np.arange(len(labels)), labels] -= 1
    inputs = hidden.cpu().numpy().astype(np.float64)
    return errors, np.concatenate([inputs, np.ones((len(inputs), 1))], axis=1)
