"""The experts of one fit: heads on features, object detectors, predictions, given probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark_n.detectors.posterior.experts import (
    Expert,
    grouped,
    probability_expert,
    support_expert,
)
from benchmark_n.detectors.posterior.heads import out_of_fold
from benchmark_n.evidence import Evidence
from benchmark_n.evidence.detections.instances import detections_of_instances
from benchmark_n.evidence.evidence import Floats, Ints

# Of the logarithm of a head's weight before anything is seen: what is expected, and the standard
# deviation below and above; chosen on photographs that are not reported. The Gaussian head is too
# sure inside a group of like categories, and labels that are wrong there look like a head that is
# less sure than it should be: its weight is held from below, and rises where the labels say so.
WEIGHTS = {
    "gaussian": (-2.6, 0.12, 2.0),
    "gaussian groups": (-2.5, 0.5, 0.5),
    "logistic groups": (-0.5, 0.5, 0.5),
    "frequency": (-0.5, 0.3, 0.3),
}
# Pseudo-annotations of each category that its frequency counts beside the given ones.
_SEEN = 0.3


def outside_experts(evidence: Evidence) -> list[Expert]:
    """What did not learn from the labels here: object detectors, predictions, probabilities."""
    made = [
        support_expert(one.detector, one.support, one.known) for one in evidence.detections or ()
    ]
    if evidence.predictions is not None:
        said = detections_of_instances("predictions", evidence.predictions, evidence)
        made.append(support_expert(said.detector, said.support, said.known))
    if evidence.pred_probs is not None:
        made.append(probability_expert("pred_probs", evidence.pred_probs))
    return made


def head_experts(
    features: Floats, targets: Floats, folds: Ints, groups: Sequence[str]
) -> list[Expert]:
    """The two heads, out of fold, fitted to targets (N, K).

    The Gaussian head tells categories of a group from one another, both heads tell groups.
    """
    known = np.ones(targets.shape[1], bool)
    logistic, gaussian = out_of_fold(features, targets, folds)
    said = {
        "gaussian": gaussian,
        "gaussian groups": grouped(gaussian, groups),
        "logistic groups": grouped(logistic, groups),
    }
    return [Expert(name, logs, known, *WEIGHTS[name]) for name, logs in said.items()]


def frequency_expert(labels: Ints, count: int) -> Expert:
    """How often each category is given."""
    seen = np.bincount(labels, minlength=count) + _SEEN
    logs = np.tile(np.log(seen / seen.sum()), (len(labels), 1))
    known: NDArray[np.bool_] = np.ones(count, bool)
    return Expert("frequency", logs, known, *WEIGHTS["frequency"])
