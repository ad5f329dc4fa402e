"""How often second annotators miss an object or name it otherwise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile
from benchmark_n.coco.joining import MatchedPairs
from benchmark_n.coco.lacking_masks import areas_of

# Dirichlet prior of a row of the confusion matrix, spread over the other categories: a category
# without a pair has the mean rate of all, one with many its own.
_PRIOR_WEIGHT = 5.0
_MOST_CONFUSIONS = 20
_ROUNDS = 25
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LabelRates:
    """Rates over the annotations of the fitting half.

    Parameters
    ----------
    clean, matched
        Annotations, and those with a partner.
    missing
        Share without a partner.
    missing_by_log_area
        Level at the mean log area, slope and mean log area (of px²) of the logit of missing.
    confusion
        Share of pairs of different categories; None where there is one category.
    confused
        The commonest confusions: names, count, and smoothed probability given the first.
    """

    clean: int
    matched: int
    missing: float
    missing_by_log_area: tuple[float, float, float] | None
    confusion: float | None
    confused: Sequence[Mapping[str, Any]]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def label_rates(
    joins: Sequence[tuple[CocoFile, MatchedPairs]], chosen: Mapping[int, bool]
) -> LabelRates:
    """Rates of all joins, over the images that are `chosen`."""
    areas: list[float] = []
    absent: list[bool] = []
    named: Counter[tuple[int, int]] = Counter()
    for clean, matched in joins:
        rows = [
            pair
            for pair in matched.pairs
            if pair.clean is not None and not clean.crowd[pair.clean]
            if chosen[int(clean.image_ids[pair.clean])]
        ]
        absent += [pair.noisy is None for pair in rows]
        areas += areas_of(clean, [pair.clean for pair in rows if pair.clean is not None]).tolist()
        there = matched.noisy.category_ids
        named.update(
            (int(clean.category_ids[pair.clean]), int(there[pair.noisy]))
            for pair in rows
            if pair.clean is not None and pair.noisy is not None
        )
    matched_count = sum(named.values())
    several = bool(joins) and len(joins[0][0].categories) > 1 and matched_count > 0
    other = sum(count for (a, b), count in named.items() if a != b)
    return LabelRates(
        len(absent),
        matched_count,
        float(np.mean(absent)) if absent else 0.0,
        logistic_line(np.log(np.maximum(areas, 1.0)), np.array(absent, bool)),
        other / matched_count if several else None,
        _confusions(named, joins[0][0]) if several else [],
    )


def _confusions(named: Counter[tuple[int, int]], clean: CocoFile) -> list[dict[str, Any]]:
    totals: Counter[int] = Counter()
    for (a, _), count in named.items():
        totals[a] += count
    whole = sum(totals.values())
    rate = sum(count for (a, b), count in named.items() if a != b) / whole
    prior = _PRIOR_WEIGHT * rate / max(len(clean.categories) - 1, 1)
    wrong = [(count, a, b) for (a, b), count in named.items() if a != b]
    return [
        {
            "category": clean.categories[a].name or str(a),
            "named": clean.categories[b].name or str(b),
            "count": count,
            "probability": round((count + prior) / (totals[a] + _PRIOR_WEIGHT), 4),
        }
        for count, a, b in sorted(wrong, key=lambda row: (-row[0], row[1], row[2]))
    ][:_MOST_CONFUSIONS]


def logistic_line(x: Floats, hit: NDArray[np.bool_]) -> tuple[float, float, float] | None:
    """Logit of `hit` as a line in x: value at the mean, slope, and the mean of x.

    By Newton's method with a weak prior on the slope; None where all or none are hit.
    """
    if len(x) < 3 or hit.all() or not hit.any():
        return None
    centre = float(x.mean())
    design = np.column_stack([np.ones(len(x)), x - centre])
    weights, prior = np.zeros(2), np.diag([0.0, 1e-3])
    for _ in range(_ROUNDS):
        chance = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        gradient = design.T @ (hit - chance) - prior @ weights
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design + prior
        weights = weights + np.clip(np.linalg.pinv(curvature) @ gradient, -3, 3)
    return float(weights[0]), float(weights[1]), centre
