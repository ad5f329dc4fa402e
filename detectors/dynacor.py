"""DynaCor: training dynamics that are more like those of copies with wrong labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from benchmark_n.detectors.common.score_tables import annotation_scores
from benchmark_n.evidence import Evidence
from benchmark_n.evidence.trainings.loop import repeatable
from benchmark_n.runtime.optional_imports import import_extra

_ROUNDS, _STEPS, _BATCH = 15, 53, 1024
_RATE, _WEIGHT_DECAY = 1e-5, 1e-4
_SIMILARITY = 0.5
NOISY = 0


@dataclass
class DynaCor:
    """Probability of the noisy of two clusters of training dynamics [1]_.

    A tenth of the annotations was copied, mirrored and given a wrong label, and one classifier
    trained on all (see `benchmark_n.evidence.trainings.dynamics`). An encoder of the margins over
    the epochs is trained as in deep embedded clustering, from two centres: the mean embeddings of
    the copies and of the annotations. The round is taken that tells the copies, and their
    originals, best apart: no truth is read. Flagged is a probability above one half.

    Parameters
    ----------
    seed
        Of the encoder's weights and of its batches.

    References
    ----------
    .. [1] Kim, Lee, Kang, Chae, Jang, Yu: Learning Discriminative Dynamics with Label Corruption
           for Noisy Label Detection, CVPR 2024.

    Examples
    --------
    >>> from benchmark_n.detectors import run_detector
    >>> from benchmark_n.evidence import evidence_of
    >>> run_detector(DynaCor(), evidence_of([0, 1], ["cat", "dog"], dynamics=np.zeros((5, 2))))
    Traceback (most recent call last):
        ...
    benchmark_n.errors.InputError: detector 'dynacor' needs copy_dynamics (`evidence=['trainings']`)
    """

    name: ClassVar[str] = "dynacor"
    kinds: ClassVar[tuple[str, ...]] = ("class",)
    needs: ClassVar[tuple[str, ...]] = ("dynamics", "copy_dynamics")
    reference: ClassVar[str] = "Kim et al., DynaCor, CVPR 2024"

    seed: int = 0
    scores_: Any = field(default=None, init=False, repr=False)
    details_: Mapping[str, Any] = field(default_factory=dict, init=False, repr=False)

    def fit(self, evidence: Evidence) -> Self:
        """Score the annotations of `evidence`."""
        assert evidence.dynamics is not None
        assert evidence.copy_dynamics is not None
        copied = np.flatnonzero(np.isfinite(evidence.copy_dynamics).all(axis=0))
        series = np.concatenate([evidence.dynamics.T, evidence.copy_dynamics[:, copied].T])
        noisy, chosen, apart = _clustered(series, copied, self.seed)
        self.scores_ = annotation_scores(evidence, "class", noisy, noisy > 1 / 2)
        self.details_ = {"copies": len(copied), "round": chosen, "apart": apart}
        return self


def _clustered(
    series: NDArray[Any], copied: NDArray[np.intp], seed: int
) -> tuple[NDArray[np.float64], int, float]:
    """Probability of the noisy cluster of each original, the round that gave it, and its measure.

    `series` (N + C, E) ends with the C copies.
    """
    torch = import_extra("torch", "deep", "detector dynacor")
    from benchmark_n.nets.dynamics_encoder import DynamicsEncoder

    count = len(series) - len(copied)
    values = torch.from_numpy(np.ascontiguousarray(series, np.float32))
    of_copy = torch.arange(len(series)) >= count
    with repeatable():
        torch.manual_seed(seed)
        encoder = DynamicsEncoder(series.shape[1])
        with torch.no_grad():
            embedded = encoder(values)
            means = [embedded[of_copy].mean(0), embedded[~of_copy].mean(0)]
        centres = torch.nn.Parameter(torch.stack(means))
        parameters = [*encoder.parameters(), centres]
        optimiser = torch.optim.Adam(parameters, lr=_RATE, weight_decay=_WEIGHT_DECAY)
        best, chosen, kept = -1.0, 0, np.zeros(count)
        for number in range(_ROUNDS + 1):
            for _ in range(_STEPS if number else 0):
                some = torch.randperm(len(series))[:_BATCH]
                loss = clustering_loss(encoder(values[some]), centres, of_copy[some])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
            with torch.no_grad():
                noisy = assignments(encoder(values), centres)[:, NOISY].double().numpy()
            measure = told_apart(noisy[count:], noisy[:count][copied])
            if measure > best:
                best, chosen, kept = measure, number, noisy[:count]
    return kept, chosen, best


def assignments(embedded: Any, centres: Any) -> Any:
    """Soft assignment (n, 2) of embeddings (n, D) to centres (2, D): proportional to 1 / (1 + d).

    d is 1 less the cosine.
    """
    import torch

    distances = 1 - torch.nn.functional.cosine_similarity(embedded[:, None], centres[None], dim=2)
    weights = 1 / (1 + distances)
    return weights / weights.sum(1, keepdim=True)


def sharpened(soft: Any) -> Any:
    """Target (n, 2) of soft assignments (n, 2): their squares over column sums, normalised."""
    weights = soft**2 / soft.sum(0)
    return weights / weights.sum(1, keepdim=True)


def clustering_loss(embedded: Any, centres: Any, of_copy: Any) -> Any:
    """KL divergence of the targets, and half of how unlike copies and originals of a cluster are.

    A cluster that has none of one of them says nothing.
    """
    import torch

    soft = assignments(embedded, centres)
    target = sharpened(soft.detach())
    divergence = (target * (target.log() - soft.log())).sum(1).mean()
    noisy = soft[:, NOISY].detach() > 1 / 2
    unlike = []
    for cluster in (noisy, ~noisy):
        pair = [embedded[cluster & of_copy], embedded[cluster & ~of_copy]]
        if all(len(part) for part in pair):
            copies, originals = (part.mean(0) for part in pair)
            unlike.append(1 - torch.nn.functional.cosine_similarity(copies, originals, dim=0))
    return divergence + (_SIMILARITY * torch.stack(unlike).mean() if unlike else 0)


def told_apart(copies: NDArray[np.float64], originals: NDArray[np.float64]) -> float:
    """Square of the difference between mean probabilities: copies called noisy, originals clean.

    >>> told_apart(np.array([0.9, 0.7, 0.2]), np.array([0.1, 0.3, 0.6]))
    0.36
    """
    noisy, clean = copies[copies > 1 / 2], originals[originals <= 1 / 2]
    if not (noisy.size and clean.size):
        return 0.0
    return round(float((noisy.mean() - clean.mean()) ** 2), 12)
