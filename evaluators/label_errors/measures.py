"""Measures of a detector's scores against what is wrong, with their bootstrap replicates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evaluators.label_errors import ranking
from benchmark_n.evaluators.label_errors.bootstrap import Weights
from benchmark_n.evaluators.label_errors.bootstrap import bootstrap as run_bootstrap

PRECISION_AT = (10, 50, 100, 200)
Measured = dict[str, float | int | None]
_THRESHOLD_FREE = ("best_f1", "f1_at_budget", "auroc", "auprc")


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

    scores: NDArray[np.float64]
    wrong: NDArray[np.bool_]
    flagged: NDArray[np.bool_]
    groups: NDArray[np.int64]
    num_groups: int
    unranked: NDArray[np.int64] | None = None

    def part(self, kept: NDArray[np.bool_]) -> ScoredItems:
        """The items where `kept` (N,) is true."""
        return ScoredItems(
            self.scores[kept],
            self.wrong[kept],
            self.flagged[kept],
            self.groups[kept],
            self.num_groups,
            self.unranked,
        )


def measure(detection: ScoredItems) -> Measured:
    """All measures of the scores as they are; None is what is not defined."""
    weights = np.ones((1, detection.num_groups), np.int64)
    blocks = ranking.make_blocks(detection.scores)
    values = {name: _plain(v[0]) for name, v in _measures(detection, blocks, weights).items()}
    total = int(detection.wrong.sum() + _unranked(detection, weights)[0])
    curve = ranking.f1_curve(*_counts(detection, blocks, weights), np.array([total]))[0]
    best = int(np.argmax(curve)) if curve.size and total else None
    return {
        "instances": int(detection.wrong.size),
        "errors": total,
        "flagged": int(detection.flagged.sum()),
        **values,
        "best_threshold": None if best is None else float(blocks.scores[best]),
        "prevalence": total / detection.wrong.size
        if detection.wrong.size and detection.unranked is None
        else None,
    }


def replicates(detection: ScoredItems, count: int, seed: int) -> dict[str, NDArray[np.float64]]:
    """Bootstrap values (count,) of each measure that has no count in it."""
    blocks = ranking.make_blocks(detection.scores)

    def one(weights: Weights) -> Mapping[str, NDArray[np.float64]]:
        return _measures(detection, blocks, weights)

    return run_bootstrap(one, detection.num_groups, detection.wrong.size, count, seed)


def _measures(
    detection: ScoredItems, blocks: ranking.Blocks, weights: Weights
) -> dict[str, NDArray[np.float64]]:
    """Each measure for each row of group weights (R, num_groups)."""
    items = weights[:, detection.groups]
    positives, negatives = (
        blocks.counts(items * detection.wrong),
        blocks.counts(items * ~detection.wrong),
    )
    total = positives.sum(axis=-1) + _unranked(detection, weights)
    flagged = items * detection.flagged
    precision, recall, f1 = ranking.precision_recall_f1(
        (flagged * detection.wrong).sum(axis=-1), flagged.sum(axis=-1), total
    )
    curve = ranking.f1_curve(positives, negatives, total)
    none = np.full(len(weights), np.nan)
    with np.errstate(invalid="ignore"):
        budget = ranking.hits_at(positives, negatives, total) / np.where(total > 0, total, np.nan)
    values = {
        "precision": precision,
        "recall": recall,
        "f1": f1,
        "best_f1": curve.max(axis=-1) if curve.shape[-1] else none,
        "f1_at_budget": budget,
        "auroc": none if detection.unranked is not None else ranking.auroc(positives, negatives),
        "auprc": ranking.average_precision(positives, negatives, total),
    }
    for k in PRECISION_AT:
        if k <= detection.wrong.size:
            values[f"precision_at_{k}"] = ranking.hits_at(positives, negatives, k) / k
    return values


def _counts(
    detection: ScoredItems, blocks: ranking.Blocks, weights: Weights
) -> tuple[ranking.Counts, ranking.Counts]:
    items = weights[:, detection.groups]
    return blocks.counts(items * detection.wrong), blocks.counts(items * ~detection.wrong)


def _unranked(detection: ScoredItems, weights: Weights) -> NDArray[np.int64]:
    if detection.unranked is None:
        return np.zeros(len(weights), np.int64)
    return weights @ detection.unranked


def _plain(value: Any) -> float | None:
    return None if np.isnan(value) else float(value)
