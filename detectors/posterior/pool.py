"""A log-linear pool of experts and the noise of the labels, fitted together by likelihood.

The probability of the given category is ``q = sum_j share_j sum_c p_c B_j(given | c)``: p is the
pool, the softmax of the weighted sum of what the experts say, and each B_j a way in which a label
comes from the true category, the first of them "as it is". See docs/posterior.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from benchmark_n.detectors.posterior.experts import Expert
from benchmark_n.evidence.evidence import Floats

_LEAST = 1e-300
_ITERATIONS = 200
_START_RATE = 0.1
# Spread of the evidence for the categories that an expert does not know.
_UNKNOWN_SPREAD = 3.0


@dataclass(frozen=True)
class Pool:
    """What is fitted: E experts and J ways to a given label, on N annotations.

    Parameters
    ----------
    experts
        What is pooled.
    ways
        J arrays (N, K): chance of the given category of each annotation under each true one; the
        first has one where that is the given one, else zero.
    prior
        Pseudo-annotations of each way that count as seen, (J,).
    """

    experts: tuple[Expert, ...]
    ways: tuple[Floats, ...]
    prior: Floats

    @cached_property
    def told(self) -> list[Floats]:
        """What each expert says, (N, K): 0 of what it does not know."""
        return [np.where(one.known, one.logs, 0.0) for one in self.experts]

    @cached_property
    def partial(self) -> list[int]:
        """Places of the experts that do not know every category."""
        return [place for place, one in enumerate(self.experts) if not one.known.all()]

    def split(self, values: Floats) -> tuple[Floats, Floats, Floats]:
        """Log-weights (E,), evidence for what partial experts do not know, and logits of ways."""
        first, second = len(self.experts), len(self.experts) + len(self.partial)
        return values[:first], values[first:second], values[second:]

    def logs(self, values: Floats) -> Floats:
        """Log-probabilities (N, K) of the pool."""
        weights, unknown, _ = self.split(values)
        total = np.zeros(self.ways[0].shape)
        for weight, logs in zip(np.exp(weights), self.told, strict=True):
            total += weight * logs
        for place, value in zip(self.partial, unknown, strict=True):
            total += np.where(self.experts[place].known, 0.0, value)
        return np.asarray(log_softmax(total, axis=1))

    def judge(self, values: Floats) -> Judged:
        """What the pool says of each annotation at these parameters."""
        probs, shares = np.exp(self.logs(values)), softmax(self.split(values)[2])
        parts = np.stack([(probs * way).sum(axis=1) for way in self.ways])
        given = np.maximum(shares @ parts, _LEAST)
        joint = sum(share * way for share, way in zip(shares, self.ways, strict=True))
        return Judged(probs, probs * joint / given[:, None], shares[:, None] * parts / given, given)

    def slopes(self, values: Floats, judged: Judged) -> Floats:
        """Derivatives (N, P) of each annotation's log-likelihood."""
        weights, _, ways = self.split(values)
        moved = judged.true - judged.pool
        columns = [
            weight * (moved * logs).sum(axis=1)
            for weight, logs in zip(np.exp(weights), self.told, strict=True)
        ]
        columns += [moved[:, ~self.experts[place].known].sum(axis=1) for place in self.partial]
        columns += list(judged.ways - softmax(ways)[:, None])
        return np.stack(columns, axis=1)

    def penalty(self, values: Floats) -> tuple[float, Floats]:
        """Minus the logarithm of what is believed before anything is seen, and its derivatives."""
        weights, unknown, ways = self.split(values)
        away = weights - [one.expected for one in self.experts]
        below, above = zip(*((one.below, one.above) for one in self.experts), strict=True)
        spreads = np.where(away < 0, below, above)
        away = away / spreads
        shares = softmax(ways)
        worth = (away**2).sum() / 2 + ((unknown / _UNKNOWN_SPREAD) ** 2).sum() / 2
        worth -= float(self.prior @ np.log(np.maximum(shares, _LEAST)))
        down = [away / spreads, unknown / _UNKNOWN_SPREAD**2]
        down.append(shares * self.prior.sum() - self.prior)
        return float(worth), np.concatenate(down)

    def start(self) -> Floats:
        """Where the fit begins: all as it is expected."""
        others = len(self.ways) - 1
        shares = [1 - _START_RATE, *[_START_RATE / max(others, 1)] * others]
        weights = [one.expected for one in self.experts]
        return np.array([*weights, *[0.0] * len(self.partial), *np.log(shares)])


@dataclass(frozen=True)
class Judged:
    """What a pool says of N annotations.

    Parameters
    ----------
    pool
        (N, K): probability of each category, without a look at the given one.
    true
        (N, K): the same with it.
    ways
        (J, N): probability of each way to the given label.
    given
        (N,): likelihood of the given label.
    """

    pool: Floats
    true: Floats
    ways: Floats
    given: Floats

    def wrong(self, labels: NDArray[np.int64]) -> Floats:
        """Probability (N,) that the given category is not the true one."""
        right = self.true[np.arange(len(labels)), labels]
        return np.asarray(np.clip(1 - right, 0, 1))


def fit(pool: Pool) -> Floats:
    """The parameters (P,) of largest likelihood times prior."""

    def loss(values: Floats) -> tuple[float, Floats]:
        judged = pool.judge(values)
        worth, down = pool.penalty(values)
        value = worth - np.log(judged.given).sum()
        return float(value), down - pool.slopes(values, judged).sum(axis=0)

    options = {"maxiter": _ITERATIONS}
    return np.asarray(minimize(loss, pool.start(), jac=True, method="L-BFGS-B", options=options).x)


def own_way(labels: NDArray[np.int64], count: int) -> Floats:
    """The way on which a label stays as it is, (N, K)."""
    return np.eye(count)[labels]


def ways_of(matrices: Iterable[Floats], labels: NDArray[np.int64]) -> tuple[Floats, ...]:
    """Transition matrices (K, K), true category to given one, as ways (N, K)."""
    return tuple(np.ascontiguousarray(matrix[:, labels].T) for matrix in matrices)
