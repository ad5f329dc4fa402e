"""What each source of evidence says of the categories of annotations, in one form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from benchmark_n.errors import InputError
from benchmark_n.evidence.evidence import Floats

# What is added to an object detector's support, and to given probabilities, before the logarithm.
LEAST_SUPPORT, LEAST_PROBABILITY = 1e-3, 1e-4


@dataclass(frozen=True)
class Expert:
    """Evidence for each category, up to a constant of the annotation, on a logarithmic scale.

    Parameters
    ----------
    name
        What results call it.
    logs
        float64 (N, K).
    known
        bool (K,): the categories that it can tell; what `logs` has of the others is not read.
    expected, below, above
        What the logarithm of its weight in the pool is before anything is seen, and its standard
        deviation on either side.

    Raises
    ------
    InputError
        Values that are not finite, or arrays that do not fit.
    """

    name: str
    logs: Floats
    known: NDArray[np.bool_]
    expected: float = 0.0
    below: float = 1.0
    above: float = 1.0

    def __post_init__(self) -> None:
        if self.logs.ndim != 2 or self.logs.shape[1:] != self.known.shape:
            raise InputError(
                f"expert {self.name}: values of shape {self.logs.shape} and {self.known.size} "
                "known categories do not fit"
            )
        wrong = ~np.isfinite(self.logs).all(axis=1)
        if wrong.any():
            raise InputError(f"expert {self.name}: row {wrong.argmax()} is not finite")


def support_expert(name: str, support: Floats, known: NDArray[np.bool_]) -> Expert:
    """An object detector: the logarithm of its support, (N, K) from 0 to 1.

    >>> support_expert("a", np.array([[0.999, 0.0]]), np.array([True, True])).logs.round(2)
    array([[ 0.  , -6.91]])
    """
    return Expert(name, np.log(np.asarray(support, np.float64) + LEAST_SUPPORT), known)


def probability_expert(name: str, probs: Floats) -> Expert:
    """A classifier: the logarithm of its probabilities (N, K)."""
    logs = np.log(np.asarray(probs, np.float64) + LEAST_PROBABILITY)
    return Expert(name, logs, np.ones(probs.shape[1], bool))


def grouped(logs: Floats, groups: Sequence[str]) -> Floats:
    """Log-probability (N, K) of each category's group: what `logs` says of its members together.

    Parameters
    ----------
    groups
        K names; a category without one is a group of its own.

    Examples
    --------
    >>> grouped(np.log([[0.5, 0.3, 0.2]]), ["animal", "animal", ""]).round(2)
    array([[-0.22, -0.22, -1.61]])
    """
    names = [name or f" {place}" for place, name in enumerate(groups)]
    made = np.empty_like(logs)
    for name in dict.fromkeys(names):
        own = np.array([one == name for one in names])
        made[:, own] = logsumexp(logs[:, own], axis=1, keepdims=True)
    return made
