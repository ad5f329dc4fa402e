"""Pools with the ways in which a label may be wrong, fitted in turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from benchmark_n.detectors.posterior.confusions import (
    pair_errors,
    supercategory_errors,
    uniform_errors,
)
from benchmark_n.detectors.posterior.experts import Expert
from benchmark_n.detectors.posterior.pool import Judged, Pool, fit, own_way, ways_of
from benchmark_n.evidence.evidence import Floats, Ints

WAYS = ("right", "group", "any", "pair")
# Fits of the pairs after the first, each with those that the one before saw.
_PAIR_FITS = 3
# Gain in log-likelihood from which pairs are believed. Each annotation is explained by the errors
# of the others, so that none is owed to their number; what experts confuse themselves gains some.
_LEAST_GAIN = 10.0
# Weight of an earlier noise beside the annotations themselves.
_AS_GIVEN = 3.0


@dataclass(frozen=True)
class Fitted:
    """A pool with its parameters, and what it says of the annotations."""

    pool: Pool
    values: Floats
    judged: Judged

    @property
    def log_likelihood(self) -> float:
        """Of the given labels."""
        return float(np.log(self.judged.given).sum())

    @property
    def shares(self) -> dict[str, float]:
        """Share of the labels that came each way."""
        shares = softmax(self.pool.split(self.values)[2])
        return dict(zip(WAYS, shares.tolist(), strict=False))

    @property
    def weights(self) -> dict[str, float]:
        """Weight of each expert."""
        weights = np.exp(self.pool.split(self.values)[0])
        names = (one.name for one in self.pool.experts)
        return dict(zip(names, weights.tolist(), strict=True))


def fit_noise(
    experts: Sequence[Expert], labels: Ints, groups: Sequence[str], *, pairs: bool
) -> Fitted:
    """Experts and noise by the likelihood of the given labels.

    Parameters
    ----------
    groups
        K names of the groups inside which categories are likelier confused.
    pairs
        Whether pairs of categories that are confused more than others are looked for.
    """
    count = len(groups)
    inside, anywhere = supercategory_errors(groups), uniform_errors(count)
    ways = (own_way(labels, count), *ways_of([inside, anywhere], labels))
    plain = _fitted(Pool(tuple(experts), ways, np.zeros(len(ways))))
    if not pairs:
        return plain
    paired = plain
    for _ in range(_PAIR_FITS):
        base = _spread(paired, inside, anywhere)
        wrong = paired.judged.true.copy()
        wrong[np.arange(len(labels)), labels] = 0
        more = (*ways, pair_errors(wrong, labels, base))
        paired = _fitted(Pool(tuple(experts), more, np.zeros(len(more))))
    return paired if paired.log_likelihood - plain.log_likelihood > _LEAST_GAIN else plain


def fit_again(experts: Sequence[Expert], first: Fitted) -> Fitted:
    """Other experts with the noise of an earlier fit.

    Heads that learned from posteriors agree with them: what noise they leave is no estimate.
    """
    shares = softmax(first.pool.split(first.values)[2])
    strong = _AS_GIVEN * len(first.judged.given) * shares
    return _fitted(Pool(tuple(experts), first.pool.ways, strong))


def _fitted(pool: Pool) -> Fitted:
    values = fit(pool)
    return Fitted(pool, values, pool.judge(values))


def _spread(fitted: Fitted, inside: Floats, anywhere: Floats) -> Floats:
    """How errors go where no pair is known, (K, K), by the shares of the other two ways."""
    shares = fitted.shares
    total = max(shares["group"] + shares["any"], 1e-12)
    return np.asarray((shares["group"] * inside + shares["any"] * anywhere) / total)
