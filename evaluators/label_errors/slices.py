"""How well errors are found in parts of the data, with counts and intervals."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evaluators.label_errors.bootstrap import Weights, bootstrap, interval
from benchmark_n.evaluators.label_errors.measures import ScoredItems, Values, measure
from benchmark_n.evaluators.label_errors.resampling import resampled
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

    Examples
    --------
    >>> import numpy as np
    >>> scores, groups, all_of_them = np.array([0.9, 0.4, 0.1]), np.arange(3), np.ones(3, bool)
    >>> items = ScoredItems(scores, scores > 0.3, scores > 0.5, groups, 3)
    >>> parts = {"size": {"small": scores > 0.3, "large": scores < 0.5}}
    >>> found = slice_items(items, all_of_them, parts, 20, 0)["size"]
    >>> [(one.value, one.measures["recall"]) for one in found]
    [('large', 0.0), ('small', 0.5)]
    """
    chosen = [
        (field, value, items.part(kept & counted))
        for field, own in parts.items()
        for value, kept in own.items()
    ]
    measured = [resampled(part) for _, _, part in chosen]

    def of_all(weights: Weights) -> dict[str, Values]:
        # Each draw of units is of all slices, so that it is drawn once.
        return {
            f"{name} {place}": values
            for place, one in enumerate(measured)
            for name, values in one(weights).items()
            if name in MEASURES
        }

    drawn = bootstrap(of_all, items.num_groups, items.wrong.size, count, seed) if chosen else {}
    slices: dict[str, list[Slice]] = {field: [] for field in parts}
    for place, (field, value, part) in enumerate(chosen):
        own = {name: drawn[f"{name} {place}"] for name in MEASURES if f"{name} {place}" in drawn}
        slices[field].append(_slice(part, value, own))
    return {field: worst_first(own, "auprc") for field, own in slices.items()}


def _slice(items: ScoredItems, value: str, drawn: Mapping[str, Values]) -> Slice:
    own = measure(items)
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
        {name: interval(values) for name, values in drawn.items()},
    )
