"""A linear head on many rows, fitted along the main axes of their scatter.

scikit-learn's solver holds standardised copies of all rows and runs over them some hundred times.
Here they are read twice, from a file that is mapped if need be, and kept as their components along
the widest axes: a penalty as strong as the heads' leaves little to the others. Steps along an axis
are scaled by the curvature there, and their number is bounded, so that time grows with the rows
and no faster.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.optimize import minimize

from benchmark_n.evidence.evidence import Floats, Ints

# Of so many annotations on heads are fitted here.
MANY = 10_000
# Axes that are kept.
COMPONENTS = 1024
_ROWS_AT_ONCE = 2048
# Rows whose scatter stands for that of all.
_SAMPLED = 8192
# A fit ends here, or where no slope of the mean loss in the scaled coordinates is larger: more
# passes move probabilities by some thousandths, and their ranking by nothing that is seen.
_ITERATIONS, _SLOPE = 60, 5e-4
MANY_NAME = f"{_ITERATIONS} steps along {COMPONENTS} axes"
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class ManyFit:
    """A fitted regression: what standardises D features, and S categories in ascending order.

    Parameters
    ----------
    mean, deviation
        float64 (D,).
    coefficients, intercepts
        float64 (S, D) and (S,).
    """

    mean: Matrix
    deviation: Matrix
    coefficients: Matrix
    intercepts: Matrix


def row_slices(count: int) -> Iterator[slice]:
    """Slices of some rows each, of `count` in all."""
    for start in range(0, count, _ROWS_AT_ONCE):
        yield slice(start, min(start + _ROWS_AT_ONCE, count))


def moments(features: Floats, rows: NDArray[np.intp]) -> tuple[Matrix, Matrix]:
    """Means and standard deviations (D,) of the rows of features (N, D) at these places.

    A deviation of nothing is given as 1.
    """
    total = np.zeros(features.shape[1])
    for part in row_slices(len(rows)):
        total += features[rows[part]].sum(axis=0, dtype=np.float64)
    mean = total / len(rows)
    squares = np.zeros_like(mean)
    for part in row_slices(len(rows)):
        squares += ((features[rows[part]] - mean) ** 2).sum(axis=0)
    deviation = np.sqrt(squares / len(rows))
    return mean, np.where(deviation > 1e-8, deviation, 1)


def standardised(
    features: Floats, rows: NDArray[np.intp], mean: Matrix, deviation: Matrix
) -> NDArray[np.float32]:
    """The rows (n, D) at these places, less the mean, over the deviation."""
    made = np.subtract(features[rows], mean.astype(np.float32), dtype=np.float32)
    made /= deviation.astype(np.float32)
    return made


def fit_many(features: Floats, labels: Ints, rows: NDArray[np.intp], penalty: float) -> ManyFit:
    """A multinomial logistic regression on the standardised features of some annotations.

    It minimises the sum of their cross-entropies plus ``penalty / 2`` times the squared
    coefficients, as scikit-learn's does, over coefficients in the span of the widest axes.

    Parameters
    ----------
    features, labels
        (N, D), which may be mapped from a file, and int64 (N,).
    rows
        Places (n,) of those to learn from, of S >= 2 categories.
    penalty
        The inverse of ``C``.

    References
    ----------
    .. [1] Nocedal, Wright: Numerical Optimization, 2nd edition, 2006, chapter 7 (L-BFGS).
    """
    mean, deviation = moments(features, rows)
    scatter, axes = _axes(features, rows, mean, deviation)
    components = np.empty((len(rows), len(scatter)), np.float32)
    for part in row_slices(len(rows)):
        components[part] = standardised(features, rows[part], mean, deviation) @ axes
    codes = np.unique(labels[rows], return_inverse=True)[1]
    weights, intercepts = fit_components(components, codes, scatter, penalty)
    return ManyFit(mean, deviation, (axes @ weights).T, intercepts)


def _axes(
    features: Floats, rows: NDArray[np.intp], mean: Matrix, deviation: Matrix
) -> tuple[Matrix, NDArray[np.float32]]:
    """Variances (P,) along the widest axes, and the axes float32 (D, P)."""
    if len(rows) > _SAMPLED:
        rows = rows[np.linspace(0, len(rows) - 1, _SAMPLED).astype(np.intp)]
    sample = standardised(features, rows, mean, deviation)
    width = sample.shape[1]
    kept = [max(width - COMPONENTS, 0), width - 1]
    scatter, axes = eigh(sample.T @ sample / len(sample), subset_by_index=kept)
    return np.maximum(scatter.astype(np.float64), 0), axes


def fit_components(
    components: NDArray[np.float32], codes: Ints, scatter: Matrix, penalty: float
) -> tuple[Matrix, Matrix]:
    """Weights (P, S) and intercepts (S,) of the regression on components (n, P).

    Parameters
    ----------
    codes
        int64 (n,): the category of each, 0 to S - 1.
    scatter
        Variance of each component, (P,), by which steps are scaled; it does not move the minimum.
    """
    count, (width, size) = len(components), (components.shape[1], int(codes.max()) + 1)
    shares, ridge = np.bincount(codes) / count, penalty / count
    # One over the root of the curvature where all rows have the categories' shares.
    scale = 1 / np.sqrt(scatter[:, None] * (shares * (1 - shares)) + ridge)

    def loss(flat: Matrix) -> tuple[float, Matrix]:
        weights, offsets = scale * flat[:-size].reshape(width, size), flat[-size:]
        value, slope, beside = _sums(components, codes, weights, offsets)
        down = scale * (slope / count + ridge * weights)
        value = value / count + ridge * float((weights**2).sum()) / 2
        return value, np.concatenate([down.ravel(), beside / count])

    start = np.concatenate([np.zeros(width * size), np.log(shares)])
    options = {"maxiter": _ITERATIONS, "gtol": _SLOPE, "ftol": 0.0}
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options=options).x
    return scale * found[:-size].reshape(width, size), found[-size:]


def _sums(
    components: NDArray[np.float32], codes: Ints, weights: Matrix, offsets: Matrix
) -> tuple[float, Matrix, Matrix]:
    """Sum of the cross-entropies, and its slopes by weights (P, S) and offsets (S,)."""
    given, beside = weights.astype(np.float32), offsets.astype(np.float32)
    value, slope, slope_beside = 0.0, np.zeros(weights.shape), np.zeros(len(offsets))
    for part in row_slices(len(components)):
        block = components[part]
        chosen = np.arange(len(block)), codes[part]
        logits = block @ given
        logits += beside
        logits -= logits.max(axis=1, keepdims=True)
        value -= float(logits[chosen].sum(dtype=np.float64))
        np.exp(logits, out=logits)
        totals = logits.sum(axis=1, keepdims=True)
        value += float(np.log(totals).sum(dtype=np.float64))
        logits /= totals
        logits[chosen] -= 1
        slope += block.T @ logits
        slope_beside += logits.sum(axis=0, dtype=np.float64)
    return value, slope, slope_beside
