"""Measures of a detector's scores against what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evaluators.label_errors import ranking
from benchmark_n.evaluators.label_errors.bootstrap import Weights
from benchmark_n.evaluators.label_errors.label_blocks import label_blocks

PRECISION_AT = (10, 50, 100, 200)
# Shares of the items that may be looked at.
BUDGETS = (0.05, 0.1, 0.2)
Measured = dict[str, float | int | None]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class ScoredItems:
    """N scored items.

    Parameters
    ----------
    scores, wrong, flagged
        float64, bool and bool arrays of shape (N,).
    groups
        int64 (N,), number of each item's group, below `num_groups`.
    unranked
        int64 (num_groups,), wrong items of each group that no score was given for: missing
        instances that nothing proposed.
    """

    scores: Values
    wrong: NDArray[np.bool_]
    flagged: NDArray[np.bool_]
    groups: NDArray[np.int64]
    num_groups: int
    unranked: NDArray[np.int64] | None = None

    def part(self, kept: NDArray[np.bool_] | NDArray[np.integer]) -> ScoredItems:
        """The items where `kept` (N,) is true, or those at these places."""
        return ScoredItems(
            self.scores[kept],
            self.wrong[kept],
            self.flagged[kept],
            self.groups[kept],
            self.num_groups,
            self.unranked,
        )

    def per_group(self, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        """How many of the `chosen` items (N,) each group has, int64 (num_groups,)."""
        return np.bincount(self.groups[chosen], minlength=self.num_groups)

    def prevalence(self, weights: Weights) -> Values:
        """Share of the items that is wrong under group weights (R, num_groups), float64 (R,).

        It is NaN for missing instances, of which there are no right ones to count.
        """
        every = weights @ self.per_group(np.ones(self.wrong.size, bool))
        known = (every > 0) & (self.unranked is None)
        share: Values = np.full(len(weights), np.nan)
        np.divide(weights @ self.per_group(self.wrong), every, out=share, where=known)
        return share


def measure(items: ScoredItems) -> Measured:
    """All measures of the scores as they are; None is what is not defined."""
    weights = np.ones((1, items.num_groups), np.int64)
    blocks = label_blocks(items.scores, items.wrong)
    counts = blocks.counts(weights[:, items.groups])
    values = weighted_measures(items, weights, counts)
    total = int(items.wrong.sum() + _unranked(items, weights)[0])
    curve = ranking.f1_curve(*counts, np.array([total]))[0]
    best = int(np.argmax(curve)) if curve.size and total else None
    share = plain(items.prevalence(weights)[0])
    flagged = int(items.flagged.sum())
    return {
        "instances": int(items.wrong.size),
        "errors": total,
        "flagged": flagged,
        **{name: plain(value[0]) for name, value in values.items()},
        "average_precision": _step_precision(items, total),
        "best_threshold": None if best is None else float(blocks.scores[best]),
        "prevalence": share,
        "chance_f1": None if share is None else chance_f1(share, flagged, total),
    }


def chance_f1(prevalence: float, flagged: int, total: int) -> float | None:
    """F1 of as many flags drawn at random, of their expected hits; None without errors."""
    return plain(ranking.precision_recall_f1(prevalence * flagged, flagged, total)[2])


def weighted_measures(
    items: ScoredItems, weights: Weights, counts: tuple[ranking.Counts, ranking.Counts]
) -> dict[str, Values]:
    """Each measure for each row of group weights (R, num_groups).

    Parameters
    ----------
    counts
        Positives and negatives of each block of the scores under the weights.
    """
    positives, negatives = counts
    total = positives.sum(axis=-1) + _unranked(items, weights)
    precision, recall, f1 = ranking.precision_recall_f1(
        weights @ items.per_group(items.flagged & items.wrong),
        weights @ items.per_group(items.flagged),
        total,
    )
    curve = ranking.f1_curve(positives, negatives, total)
    none = np.full(len(weights), np.nan)
    area = ranking.average_precision(positives, negatives, total)
    shares = _at_budgets(items, weights, counts, total)
    return {
        "precision": precision,
        "recall": recall,
        "f1": f1,
        "best_f1": curve.max(axis=-1) if curve.shape[-1] else none,
        "f1_at_budget": shares.pop("f1_at_budget"),  # here, as tables show it before the areas
        "auroc": none if items.unranked is not None else ranking.auroc(positives, negatives),
        "auprc": area,
        "lifted_auprc": ranking.lifted(area, items.prevalence(weights)),
        **shares,
    }


def _at_budgets(
    items: ScoredItems,
    weights: Weights,
    counts: tuple[ranking.Counts, ranking.Counts],
    total: NDArray[np.int64],
) -> dict[str, Values]:
    """What the first items hold, as a share of all errors or of these items."""
    wanted = np.where(total > 0, total, np.nan)
    asked: dict[str, tuple[NDArray[Any], Any]] = {"f1_at_budget": (total, wanted)}
    if items.unranked is None:
        every = weights @ items.per_group(np.ones(items.wrong.size, bool))
        asked |= {recall_at(share): (np.rint(share * every), wanted) for share in BUDGETS}
    asked |= {
        f"precision_at_{k}": (np.full(len(weights), k), k)
        for k in PRECISION_AT
        if k <= items.wrong.size
    }
    budgets = np.stack([budget for budget, _ in asked.values()], axis=-1)
    hits = ranking.hits_at_each(*counts, budgets)
    return {name: hits[:, i] / whole for i, (name, (_, whole)) in enumerate(asked.items())}


def recall_at(share: float) -> str:
    """Name of the recall in the first `share` of the items.

    >>> recall_at(0.05)
    'recall_at_5_percent'
    """
    return f"recall_at_{100 * share:g}_percent"


def plain(value: Any) -> float | None:
    """A float, or None for NaN."""
    return None if np.isnan(value) else float(value)


def _step_precision(items: ScoredItems, total: int) -> float | None:
    blocks = ranking.make_blocks(items.scores)
    positives = blocks.counts(items.wrong.astype(np.int64))
    negatives = blocks.counts((~items.wrong).astype(np.int64))
    return plain(ranking.step_precision(positives, negatives, total))


def _unranked(items: ScoredItems, weights: Weights) -> NDArray[np.int64]:
    if items.unranked is None:
        return np.zeros(len(weights), np.int64)
    return weights @ items.unranked
