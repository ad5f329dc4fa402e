"""Pools with the ways in which a label may be wrong, fitted in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

# Fits of the pairs after the first, each with those that the one before saw.
_PAIR_FITS = 3
# Gain in log-likelihood from which pairs are believed. Each annotation is explained by the errors
# of the others, so that none is owed to their number; what experts confuse themselves gains some.
_LEAST_GAIN = 30.0
# Weight of an earlier noise beside the annotations themselves.
_AS_GIVEN = 3.0


@dataclass(frozen=True)
class Fitted:
    """A pool, the names of its ways, its parameters, and what it says of the annotations.

    A label is ``right``, or wrong inside its ``group``, as ``any`` other, or by a ``pair``.
    """

    pool: Pool
    ways: tuple[str, ...]
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
        return dict(zip(self.ways, shares.tolist(), strict=True))

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
    spreads = {"any": uniform_errors(count)}
    if any(groups.count(one) > 1 for one in groups if one):
        spreads = {"group": supercategory_errors(groups), **spreads}
    ways = {"right": own_way(labels, count)}
    ways |= dict(zip(spreads, ways_of(spreads.values(), labels), strict=True))
    plain = _fitted(experts, ways)
    if not pairs:
        return plain
    paired = plain
    for _ in range(_PAIR_FITS):
        base = _spread(paired, spreads)
        wrong = paired.judged.true.copy()
        wrong[np.arange(len(labels)), labels] = 0
        paired = _fitted(experts, {**ways, "pair": pair_errors(wrong, labels, base)})
    return paired if paired.log_likelihood - plain.log_likelihood > _LEAST_GAIN else plain


def fit_again(experts: Sequence[Expert], first: Fitted) -> Fitted:
    """Other experts with the noise of an earlier fit.

    Heads that learned from posteriors agree with them: what noise they leave is no estimate.
    """
    shares = np.array(list(first.shares.values()))
    strong = _AS_GIVEN * len(first.judged.given) * shares
    ways = dict(zip(first.ways, first.pool.ways, strict=True))
    return _fitted(experts, ways, strong)


def _fitted(
    experts: Sequence[Expert], ways: Mapping[str, Floats], prior: Floats | None = None
) -> Fitted:
    prior = np.zeros(len(ways)) if prior is None else prior
    pool = Pool(tuple(experts), tuple(ways.values()), prior)
    values = fit(pool)
    return Fitted(pool, tuple(ways), values, pool.judge(values))


def _spread(fitted: Fitted, spreads: Mapping[str, Floats]) -> Floats:
    """How errors go where no pair is known, (K, K), by the shares of the other ways."""
    shares = {name: max(fitted.shares[name], 1e-12) for name in spreads}
    mixed = sum(shares[name] * matrix for name, matrix in spreads.items())
    return np.asarray(mixed / sum(shares.values()))
