"""Are pictures like those that a model was trained on? By the distance to the nearest of these."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.pixels import Pixels
from benchmark_n.errors import InputError
from benchmark_n.evidence.evidence import Evidence

Values = NDArray[np.float32]
FEATURES = 16
NEIGHBOUR = 1
QUANTILE = 0.99
MOST_ROWS = 2000
# Above this share of strangers a model is not asked.
MOST_STRANGERS = 0.5
_ROWS_AT_ONCE = 512
_SIDE = 64
_LEVELS = (10, 50, 90)
_FLAT = 2.0  # grey levels from pixel to pixel


@dataclass(frozen=True)
class Domain:
    """What pictures of a training look like.

    Parameters
    ----------
    centre, scale
        float32 (D,): means and standard deviations of the features.
    rows
        float32 (R, D): standardised features of at most `MOST_ROWS` of them.
    limit
        The distance to the `NEIGHBOUR`-th nearest other row that 99 % of the rows are within.
    """

    centre: Values
    scale: Values
    rows: Values
    limit: float


def describe_crops(crops: Pixels) -> Values:
    """Features of N crops, uint8 RGB (N, S, S, 3), float32 (N, FEATURES).

    Brightness and colours (means and spreads in Lab), percentiles of brightness and of the steps
    from pixel to pixel at two scales, and the share of pixels that are like their neighbours.
    """
    return np.stack([_describe(crop) for crop in crops]).astype(np.float32)


def _describe(crop: Pixels) -> Values:
    small = cv2.resize(crop, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    light = np.ascontiguousarray(lab[..., 0])
    half = cv2.resize(light, (_SIDE // 2, _SIDE // 2), interpolation=cv2.INTER_AREA)
    steps = [np.hypot(np.diff(a, axis=0)[:, 1:], np.diff(a, axis=1)[1:]) for a in (light, half)]
    levels = [np.percentile(values, _LEVELS) for values in (light, *steps)]
    flat = float((steps[0] < _FLAT).mean())
    colours = lab.reshape(-1, 3)
    parts = [colours.mean(0), colours.std(0), *levels, [flat]]
    return np.concatenate(parts).astype(np.float32)


def fit_domain(features: Values) -> Domain:
    """The domain of training pictures, from their features (N, D) of N >= 2.

    Of more than `MOST_ROWS` as many are kept, evenly spread.
    """
    kept = features
    if len(features) > MOST_ROWS:
        kept = features[np.linspace(0, len(features) - 1, MOST_ROWS).astype(np.intp)]
    centre = kept.mean(0, dtype=np.float64).astype(np.float32)
    scale = np.maximum(kept.std(0, dtype=np.float64), 1e-6).astype(np.float32)
    rows = ((kept - centre) / scale).astype(np.float32)
    # Each row is its own nearest: one neighbour more.
    limit = float(np.quantile(_distances(rows, rows, NEIGHBOUR + 1), QUANTILE))
    return Domain(centre, scale, rows, limit)


def in_domain(domain: Domain, features: Values) -> NDArray[np.bool_]:
    """Which of the pictures with features (N, D) are like those of the domain, bool (N,).

    Examples
    --------
    >>> rows = np.linspace(0, 1, 50, dtype=np.float32)[:, None]
    >>> in_domain(fit_domain(rows), np.float32([[0.5], [3.0]])).tolist()
    [True, False]
    """
    rows = ((features - domain.centre) / domain.scale).astype(np.float32)
    return _distances(rows, domain.rows, NEIGHBOUR) <= domain.limit * (1 + 1e-5)


def _distances(rows: Values, known: Values, neighbour: int) -> Values:
    """Distance of each row to its `neighbour`-th nearest known one, float32 (N,)."""
    place = min(neighbour, len(known)) - 1
    made = np.zeros(len(rows), np.float32)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        part = rows[start : start + _ROWS_AT_ONCE, None]
        squares = np.zeros((len(part), len(known)), np.float32)
        for column in range(known.shape[1]):
            squares += (part[..., column] - known[:, column]) ** 2
        made[start : start + len(part)] = np.sqrt(np.partition(squares, place, axis=1)[:, place])
    return made


def strangers_note(known: NDArray[np.bool_]) -> list[str]:
    """A line where pictures are unlike those of the training, of which as many are by chance.

    Parameters
    ----------
    known
        bool (N,): whether each annotation's picture is like them.
    """
    strange = int((~known).sum())
    if strange <= 2 * (1 - QUANTILE) * len(known):
        return []
    return [
        f"quality: the pictures of {strange} of {len(known)} annotations are unlike those that "
        "the model was trained on: what it says of these may mislead (column in_domain)"
    ]


def refuse_strangers(evidence: Evidence, *, allowed: bool) -> None:
    """Nothing, unless most pictures are unlike those that the model was trained on.

    Parameters
    ----------
    allowed
        Whether the model is asked all the same.

    Raises
    ------
    InputError
        They are, and it is not allowed.
    """
    if evidence.in_domain is None or allowed or not len(evidence):
        return
    strange = int((~evidence.in_domain).sum())
    if strange > MOST_STRANGERS * len(evidence):
        raise InputError(
            f"quality: the pictures of {strange} of {len(evidence)} annotations are unlike those "
            "that the model was trained on: fit it to these by `fit='self'`, or allow it by "
            "`out_of_domain=True`"
        )
