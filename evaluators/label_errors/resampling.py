"""Bootstrap replicates of a detector's measures, by weights on scores that are sorted once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from benchmark_n.evaluators.label_errors import ranking
from benchmark_n.evaluators.label_errors.bootstrap import Weights, bootstrap
from benchmark_n.evaluators.label_errors.label_blocks import GroupedBlocks, label_blocks
from benchmark_n.evaluators.label_errors.measures import ScoredItems, Values, weighted_measures


def replicates(
    items: ScoredItems, count: int, seed: int, others: Mapping[str, Values] | None = None
) -> dict[str, Values]:
    """Bootstrap values (count,) of each measure that has no count in it.

    Parameters
    ----------
    others
        Name to other scores (N,) of the same items, which the values of their lifted AUPRC, from
        the same draws, are given under that name.
    """
    measured = resampled(items, others)
    return bootstrap(measured, items.num_groups, items.wrong.size, count, seed)


def resampled(
    items: ScoredItems, others: Mapping[str, Values] | None = None
) -> Callable[[Weights], dict[str, Values]]:
    """The measures as a function of group weights (R, num_groups), as `bootstrap` takes it.

    Parameters
    ----------
    others
        See `replicates`.
    """
    own, codes = np.unique(items.groups, return_inverse=True)
    # Groups without an item weigh nothing, unless they have what nothing found.
    all_weigh = items.unranked is not None or own.size == items.num_groups
    kept = items if all_weigh else replace(items, groups=codes, num_groups=own.size)

    def by_group(scores: Values) -> GroupedBlocks:
        return label_blocks(scores, items.wrong).by_group(kept.groups, kept.num_groups)

    blocks = by_group(items.scores)
    of_others = {name: by_group(scores) for name, scores in (others or {}).items()}

    def one(weights: Weights) -> dict[str, Values]:
        weights = weights if all_weigh else weights[:, own]
        prevalence = kept.prevalence(weights)
        values = weighted_measures(kept, weights, blocks.counts(weights))
        for name, other in of_others.items():
            positives, negatives = other.counts(weights)
            area = ranking.average_precision(positives, negatives, positives.sum(axis=-1))
            values[name] = ranking.lifted(area, prevalence)
        return values

    return one
