"""How well errors are found in parts of the data, with counts and intervals."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evaluators.label_errors.bootstrap import interval
from benchmark_n.evaluators.label_errors.measures import ScoredItems, measure, replicates
from benchmark_n.evaluators.slices import Slice, worst_first

Flags = NDArray[np.bool_]
MEASURES = ("auprc", "prevalence", "precision", "recall", "f1")


def slice_items(
    items: ScoredItems,
    counted: Flags,
    parts: Mapping[str, Mapping[str, Flags]],
    count: int,
    seed: int,
) -> dict[str, list[Slice]]:
    """Measures of each part of N items, the worst AUPRC first.

    Parameters
    ----------
    counted
        bool (N,), items that are neither crowds nor left out.
    parts
        Field to value to the items that have it, bool (N,).
    count, seed
        Replicates of the bootstrap over groups; the draws are those of the whole.
    """
    return {
        name: worst_first(
            (_slice(items.part(kept & counted), value, count, seed) for value, kept in own.items()),
            "auprc",
        )
        for name, own in parts.items()
    }


def _slice(items: ScoredItems, value: str, count: int, seed: int) -> Slice:
    own, drawn = measure(items), replicates(items, count, seed)
    counts = {
        "units": len(np.unique(items.groups)),
        "instances": int(items.wrong.size),
        "errors": int(items.wrong.sum()),
        "flagged": int(items.flagged.sum()),
    }
    return Slice(
        value,
        counts,
        {name: own[name] for name in MEASURES},
        {name: interval(drawn[name]) for name in MEASURES if name in drawn},
    )
