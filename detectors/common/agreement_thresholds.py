"""Thresholds of saliency agreement that are chosen without truth.

Where all models name the given category, they are right and look at what shows it, save for few
annotations: the agreement alpha of these is what right predictions that several models share have
in common. A wrong label that all models see through is such a prediction too. Its alpha is then
below the `level`-quantile of theirs in a share `level` of the cases, whatever the share of wrong
labels: this is the rule ``quantile``. The two others look at alpha within d = 1 alone and split it
into a low and a high group: by Otsu's threshold [1]_, or where two Gaussians are as likely.

References
----------
.. [1] Otsu: A Threshold Selection Method from Gray-Level Histograms, IEEE Transactions on Systems,
       Man, and Cybernetics 9 (1979), equations 12 and 17.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmark_n.detectors.common.mixtures import fit_mixture
from benchmark_n.evidence.evidence import Floats

Rule = Literal["quantile", "otsu", "mixture"]
# An agreement of nothing at all is never enough.
LEAST = 1e-6
_FEWEST = 2


def agreement_threshold(
    alpha: Floats, agreed: NDArray[np.bool_], differs: NDArray[np.bool_], rule: Rule, level: float
) -> float:
    """The least alpha of a flag, above 0.

    Parameters
    ----------
    alpha
        float64 (N,), 0 to 1; NaN where a map says nothing, which no rule reads.
    agreed, differs
        bool (N,): all models name the given category; d = 1.
    rule
        ``quantile`` of the agreed, ``otsu`` or ``mixture`` of d = 1.
    level
        Of the quantile, 0 to 1.

    Returns
    -------
    float
        `LEAST` where the rule has too little to read.

    Examples
    --------
    >>> alpha = np.array([0.2, 0.4, 0.6, 0.8])
    >>> agreement_threshold(alpha, alpha > 0.3, alpha < 0.3, "quantile", 0.5)
    0.6
    """
    known = np.isfinite(alpha)
    values = np.asarray(alpha[known & (agreed if rule == "quantile" else differs)], np.float64)
    if len(values) < _FEWEST or values.min() == values.max():
        return LEAST
    if rule == "quantile":
        found = float(np.quantile(values, level))
    elif rule == "otsu":
        found = otsu(values)
    else:
        found = even_odds(values)
    return max(found, LEAST)


def otsu(values: NDArray[np.float64]) -> float:
    """The least value of the upper group, of the split with the largest variance between groups.

    >>> otsu(np.array([0.1, 0.2, 0.8, 0.9]))
    0.8
    """
    ordered = np.sort(values)
    count = np.arange(1, len(ordered))
    sums = np.cumsum(ordered)
    low, high = sums[:-1] / count, (sums[-1] - sums[:-1]) / (len(ordered) - count)
    between = count * (len(ordered) - count) * (high - low) ** 2
    between[ordered[1:] == ordered[:-1]] = -1  # equal values stay together
    return float(ordered[int(between.argmax()) + 1])


def even_odds(values: NDArray[np.float64]) -> float:
    """The least value that is likelier of the upper of two Gaussians, and so is each above it."""
    order = np.argsort(values, kind="stable")
    lower = np.flatnonzero(fit_mixture(values, "gmm").high[order] <= 1 / 2)
    first = 0 if not lower.size else min(int(lower[-1]) + 1, len(values) - 1)
    return float(values[order][first])
