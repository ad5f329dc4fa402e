"""Mixtures of two distributions of losses: the low ones and the high ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from benchmark_n.runtime.optional_imports import import_extra

Values = NDArray[np.float64]
_EDGE = 1e-4
_BETA_ITERATIONS = 10
_GRID = 200


@dataclass(frozen=True)
class Fitted:
    """A fitted mixture.

    Parameters
    ----------
    high
        float64 (N,): probability that each loss is of the component of larger mean.
    x, low_density, high_density
        float64 (G,): the weighted densities on a grid.
    """

    high: Values
    x: Values
    low_density: Values
    high_density: Values


def scale_losses(losses: Values, *, clip: bool = False) -> Values:
    """Losses from 0 to 1 by their minimum and maximum, or by the 5th and 95th percentile."""
    low, high = np.percentile(losses, (5, 95)) if clip else (losses.min(), losses.max())
    scaled: Values = np.clip((losses - low) / max(high - low, 1e-12), 0, 1)
    return scaled


def fit_mixture(losses: Values, kind: Literal["gmm", "beta"], seed: int = 0) -> Fitted:
    """Two components on losses (N,), scaled here."""
    return _fit_gaussian(losses, seed) if kind == "gmm" else _fit_beta(losses)


def _fit_gaussian(losses: Values, seed: int) -> Fitted:
    """As DivideMix sets it: at most 10 iterations, tolerance 1e-2, regularised by 5e-4."""
    mixture = import_extra("sklearn.mixture", "detect", "a mixture of losses")
    scaled = scale_losses(losses)[:, None]
    model = mixture.GaussianMixture(2, max_iter=10, tol=1e-2, reg_covar=5e-4, random_state=seed)
    _fit_quietly(model, scaled)
    top = int(model.means_.argmax())
    x = np.linspace(0, 1, _GRID)
    parts = [
        model.weights_[i]
        * stats.norm.pdf(x, model.means_[i, 0], model.covariances_[i, 0, 0] ** 0.5)
        for i in (1 - top, top)
    ]
    return Fitted(np.asarray(model.predict_proba(scaled)[:, top]), x, parts[0], parts[1])


def _fit_quietly(model: object, rows: Values) -> None:
    """Ten iterations often do not converge, which the method does not ask for either."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(rows)  # type: ignore[attr-defined]


def _fit_beta(losses: Values) -> Fitted:
    """Expectation maximisation with moments in the M step (Arazo et al., equations 5 to 8)."""
    scaled = np.clip(scale_losses(losses, clip=True), _EDGE, 1 - _EDGE)
    shapes = np.array([[1.0, 2.0], [2.0, 1.0]])
    weights = np.array([0.5, 0.5])
    for _ in range(_BETA_ITERATIONS):
        share = _responsibility(scaled, shapes, weights)
        weights = share.mean(axis=1)
        shapes = np.stack([_beta_moments(scaled, part) for part in share])
    means = shapes[:, 0] / shapes.sum(axis=1)
    top = int(means.argmax())
    x = np.linspace(_EDGE, 1 - _EDGE, _GRID)
    parts = [weights[i] * stats.beta.pdf(x, *shapes[i]) for i in (1 - top, top)]
    return Fitted(_responsibility(scaled, shapes, weights)[top], x, parts[0], parts[1])


def _responsibility(values: Values, shapes: Values, weights: Values) -> Values:
    """Share of each component in each value, float64 (2, N)."""
    logs = np.stack([stats.beta.logpdf(values, *shape) for shape in shapes])
    logs += np.log(np.maximum(weights, 1e-12))[:, None]
    logs -= logs.max(axis=0)
    share = np.exp(logs)
    return np.asarray(share / share.sum(axis=0))


def _beta_moments(values: Values, share: Values) -> Values:
    """Parameters (a, b) of the Beta distribution with the weighted mean and variance."""
    total = max(float(share.sum()), 1e-12)
    mean = float((share * values).sum()) / total
    variance = max(float((share * (values - mean) ** 2).sum()) / total, 1e-9)
    common = max(mean * (1 - mean) / variance - 1, 1e-3)
    return np.array([mean * common, (1 - mean) * common])
