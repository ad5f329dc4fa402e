"""Do two benchmarks rank the same detectors alike? Kendall's tau-b with its interval.

Detectors are what is ranked, and there are few of them: the interval says how much the coefficient
would change with other detectors of their kind and with other noise seeds. Both are drawn with
replacement, the detectors together for the two rankings, the seeds of each ranking apart.

References
----------
.. [1] Kendall: The Treatment of Ties in Ranking Problems, Biometrika 33, 1945 (tau-b).
.. [2] Davison, Hinkley: Bootstrap Methods and their Application, 1997 (Section 2.4: pairs;
       Section 5.3.1: percentile intervals).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark_n.errors import InputError
from benchmark_n.evaluators.label_errors.bootstrap import interval

# Two detectors have one pair, which agrees or does not.
LEAST = 3
# Of four, the same order or its reverse comes about by chance twice in 24 cases: more than 5 %.
DECIDING = 5
REPLICATES = 1000

Values = NDArray[np.float64]


@dataclass(frozen=True)
class RankingAgreement:
    """How far two rankings agree.

    Parameters
    ----------
    tau
        Kendall's tau-b, -1 (reversed) to 1 (the same); None where one side is all ties.
    interval
        95 %, over detectors and seeds; None where no draw is defined.
    detectors
        Names of those that both have, in the order of the first.
    """

    tau: float | None
    interval: tuple[float, float] | None
    detectors: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """``alike`` or ``otherwise`` where the interval is on one side of 0, else ``unclear``.

        Fewer than five detectors decide nothing, however narrow their interval.
        """
        if self.interval is None or len(self.detectors) < DECIDING:
            return "unclear"
        low, high = self.interval
        return "alike" if low > 0 else "otherwise" if high < 0 else "unclear"


def ranking_agreement(
    first: Mapping[str, Sequence[float]],
    second: Mapping[str, Sequence[float]],
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> RankingAgreement | None:
    """Kendall's tau-b between two rankings by the means over seeds, with a bootstrap interval.

    Parameters
    ----------
    first, second
        Detector to its measure under each noise seed, the higher the better: as many values for
        each detector of a ranking; the two may have different numbers of seeds.
    replicates, seed
        Of the bootstrap.

    Returns
    -------
    RankingAgreement
        None where fewer than three detectors are in both.

    Raises
    ------
    InputError
        Detectors of one ranking with different numbers of seeds, or a value that is not finite.

    Examples
    --------
    >>> one = {"a": [0.9], "b": [0.5], "c": [0.1]}
    >>> ranking_agreement(one, {"a": [0.8], "b": [0.1], "c": [0.2]}).tau.__round__(3)
    0.333
    """
    names = tuple(name for name in first if name in second)
    if len(names) < LEAST:
        return None
    sides = [_matrix(side, names) for side in (first, second)]
    rng = np.random.default_rng([seed, len(names)])
    drawn = np.full(replicates, np.nan)
    for number in range(replicates):
        chosen = rng.integers(0, len(names), len(names))
        means = [side[rng.integers(0, len(side), len(side))].mean(axis=0) for side in sides]
        drawn[number] = _tau(*(mean[chosen] for mean in means))
    tau = _tau(*(side.mean(axis=0) for side in sides))
    return RankingAgreement(tau if np.isfinite(tau) else None, interval(drawn), names)


def _matrix(side: Mapping[str, Sequence[float]], names: Sequence[str]) -> Values:
    """Float64 (seeds, detectors)."""
    counts = {name: len(side[name]) for name in names}
    wrong = next((name for name in names if counts[name] != counts[names[0]]), None)
    if wrong is not None:
        raise InputError(
            f"{wrong}: {counts[wrong]} seeds, expected {counts[names[0]]} as of {names[0]}"
        )
    values = np.array([side[name] for name in names], np.float64).T
    if not np.isfinite(values).all() or not values.size:
        name = names[int(np.argmin(np.isfinite(values).all(axis=0)))]
        raise InputError(f"{name}: its measure is {list(side[name])}, expected finite numbers")
    return values


def _tau(first: Values, second: Values) -> float:
    """Tau-b of the signs of all pairs; NaN where one side has none but ties."""
    rows, columns = np.triu_indices(first.size, 1)
    a, b = (np.sign(side[rows] - side[columns]) for side in (first, second))
    scale = np.sqrt((a**2).sum() * (b**2).sum())
    return float((a * b).sum() / scale) if scale else float("nan")
