"""Annotations with experts whose probabilities are right, and labels of known noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark_n.detectors.posterior.confusions import supercategory_errors, uniform_errors
from benchmark_n.detectors.posterior.experts import Expert

GROUPS = ("a", "a", "a", "b", "b", "b", "c", "c")
COUNT = len(GROUPS)


def draw(
    annotations: int, rate: float, inside: float, seed: int, sharpness: float = 3.0
) -> tuple[list[Expert], NDArray[np.int64], NDArray[np.int64]]:
    """Experts, given labels and true ones.

    The first expert's log-probabilities are twice too sure, so that its right weight is a half;
    the second's say nothing. A share `rate` of the labels is wrong, of these a share `inside` in
    the group.
    """
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, sharpness, (annotations, COUNT))
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    true = chosen(probs, rng)
    spread = inside * supercategory_errors(GROUPS) + (1 - inside) * uniform_errors(COUNT)
    moved = chosen(spread[true], rng)
    given = np.where(rng.random(annotations) < rate, moved, true)
    known = np.ones(COUNT, bool)
    noise = rng.normal(0, 1, (annotations, COUNT))
    return [Expert("sure", 2 * logits, known), Expert("noise", noise, known)], given, true


def chosen(probs: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """One category for each row."""
    places = (rng.random(len(probs))[:, None] > probs.cumsum(axis=1)).sum(axis=1)
    return np.minimum(places, probs.shape[1] - 1)
