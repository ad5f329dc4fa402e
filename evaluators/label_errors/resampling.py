"""Bootstrap replicates of a detector's measures, by weights on scores that are sorted once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from benchmark_n.evaluators.label_errors import ranking
from benchmark_n.evaluators.label_errors.bootstrap import Weights, bootstrap
from benchmark_n.evaluators.label_errors.label_blocks import label_blocks
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
    every = items.unranked is not None or own.size == items.num_groups
    kept = items if every else replace(items, groups=codes, num_groups=own.size)
    named = {"": items.scores, **(others or {})}
    blocks = {
        name: label_blocks(scores, items.wrong).by_group(kept.groups, kept.num_groups)
        for name, scores in named.items()
    }

    def one(weights: Weights) -> dict[str, Values]:
        weights = weights if every else weights[:, own]
        prevalence = kept.prevalence(weights)
        values = weighted_measures(kept, weights, blocks[""].counts(weights))
        for name in others or ():
            positives, negatives = blocks[name].counts(weights)
            area = ranking.average_precision(positives, negatives, positives.sum(axis=-1))
            values[name] = ranking.lifted(area, prevalence)
        return values

    return one
