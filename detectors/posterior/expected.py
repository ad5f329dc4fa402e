"""How many errors there are: what the posteriors add up to, and an interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmark_n.detectors.posterior.pool import Pool
from benchmark_n.evidence.evidence import Floats, Ints

_STEP = 1e-4
_NORMAL = 1.959964  # of a 95 % interval


@dataclass(frozen=True)
class ExpectedErrors:
    """Expected number of errors among N annotations, with a 95 % interval."""

    count: float
    low: float
    high: float


def expected_errors(
    pool: Pool, values: Floats, labels: Ints, units: Ints, scores: Floats | None = None
) -> ExpectedErrors:
    """The sum of the posteriors, with an interval.

    Its variance has two parts: of the number of errors where the parameters are known, the sum of
    ``s (1 - s)``, and of the parameters, by the delta method from their covariance ``H^-1 G H^-1``,
    where H is the curvature of the penalised likelihood and G the scatter of its slopes over
    units.

    Parameters
    ----------
    pool, values
        Whose parameters are uncertain.
    labels
        int64 (N,).
    units
        int64 (N,): what is independent.
    scores
        Posteriors (N,) of a later fit of the same noise; by default those of this one.
    """
    judged = pool.judge(values)
    own = judged.wrong(labels)
    covariance = _covariance(pool, values, units)
    slope = np.array(
        [
            (pool.judge(values + step).wrong(labels).sum() - own.sum()) / _STEP
            for step in _STEP * np.eye(len(values))
        ]
    )
    scores = own if scores is None else scores
    variance = float(slope @ covariance @ slope) + float((scores * (1 - scores)).sum())
    count, half = float(scores.sum()), _NORMAL * max(variance, 0.0) ** 0.5
    return ExpectedErrors(count, max(count - half, 0.0), min(count + half, float(len(labels))))


def _covariance(pool: Pool, values: Floats, units: Ints) -> Floats:
    """Covariance (P, P) of the fitted parameters, robust to dependence inside units."""

    def down(at: Floats) -> Floats:
        slopes = pool.slopes(at, pool.judge(at)).sum(axis=0)
        return np.asarray(pool.penalty(at)[1] - slopes)

    steps = _STEP * np.eye(len(values))
    curvature = np.stack([(down(values + s) - down(values - s)) / (2 * _STEP) for s in steps])
    inverse = np.linalg.pinv((curvature + curvature.T) / 2, hermitian=True, rcond=1e-8)
    slopes = pool.slopes(values, pool.judge(values))
    sums = np.zeros((int(units.max()) + 1, len(values)))
    np.add.at(sums, units, slopes)
    return np.asarray(inverse @ (sums.T @ sums) @ inverse)
