"""The result of one kind of error: its measures with intervals, beside the floors, and by parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from benchmark_n.evaluators.label_errors import truth as error_truth
from benchmark_n.evaluators.label_errors.bootstrap import interval
from benchmark_n.evaluators.label_errors.floors import compare_with_floors, floor_measures
from benchmark_n.evaluators.label_errors.frequency import FrequencyGroup, by_frequency
from benchmark_n.evaluators.label_errors.measures import Measured, ScoredItems, measure
from benchmark_n.evaluators.label_errors.options import LabelErrorOptions
from benchmark_n.evaluators.label_errors.resampling import replicates
from benchmark_n.evaluators.label_errors.results import KindResult
from benchmark_n.evaluators.label_errors.truth import Truth


def kind_result(
    kind: str,
    items: ScoredItems,
    counts: Mapping[str, int],
    broken: Mapping[str, Mapping[str, Measured]],
    options: LabelErrorOptions,
    floors: Mapping[str, NDArray[np.float64]],
    graded: Mapping[str, Any] | None,
) -> KindResult:
    """Measures and their intervals, beside those of the floors.

    Parameters
    ----------
    items
        Those that are counted.
    counts, broken, graded
        Further fields of the result: `KindResult.measures`, `by` and `graded`.
    floors
        Floor to its scores of the items, float64 (N,).
    """
    drawn = replicates(items, options.bootstrap, options.seed, floors)
    measures, beside = measure(items), floor_measures(items, floors)
    against = compare_with_floors(measures, beside, drawn)
    spread = {name: interval(values) for name, values in drawn.items()}
    own = {name: values for name, values in drawn.items() if name not in floors}
    return KindResult(
        kind,
        {**measures, **counts},
        {name: spread[name] for name in own},
        broken,
        own,
        beside,
        {name: spread.get(name) for name in floors},
        against,
        graded,
    )


def breakdown(
    every: ScoredItems,
    truth: Truth,
    parts: Mapping[str, Mapping[str, NDArray[np.bool_]]],
    noises: Mapping[str, NDArray[np.bool_]],
) -> dict[str, dict[str, Measured]]:
    """Measures of each part; of a noise: its errors among all that is right.

    Examples
    --------
    >>> scores, groups = np.array([0.9, 0.4, 0.1]), np.arange(3)
    >>> items = ScoredItems(scores, scores > 0.3, scores > 0.5, groups, 3)
    >>> truth = Truth(scores > 0.3, scores < 0)
    >>> found = breakdown(items, truth, {"size": {"small": scores > 0.3}}, {})
    >>> found["size"]["small"]["instances"], found["size"]["small"]["recall"]
    (2, 0.5)
    """
    counted = ~truth.ignored
    broken = {
        name: {
            value: {
                **measure(every.part(kept & counted)),
                "ignored": int((kept & truth.ignored).sum()),
            }
            for value, kept in values.items()
        }
        for name, values in parts.items()
    }
    if noises:
        broken["noise"] = {
            noise: measure(every.part(counted & (applied | ~truth.wrong)))
            for noise, applied in noises.items()
            if (applied & truth.wrong & counted).any()
        }
    return broken


def on_verified(
    kind: str,
    every: ScoredItems,
    truth: Truth,
    rows: Any,
    floors: Mapping[str, NDArray[np.float64]],
    options: LabelErrorOptions,
) -> KindResult | None:
    """All that is wrong among what is right and verified; None without verified annotations.

    Parameters
    ----------
    floors
        Of those that are counted.
    """
    verified = error_truth.verified(rows)
    if not verified.any():
        return None
    kept = ~truth.ignored & (truth.wrong | verified)
    own = {name: values[kept[~truth.ignored]] for name, values in floors.items()}
    counts = {"ignored": int((truth.ignored & verified).sum())}
    return kind_result(kind, every.part(kept), counts, {}, options, own, None)


def flags_by_frequency(every: ScoredItems, truth: Truth, rows: Any) -> tuple[FrequencyGroup, ...]:
    """Shares flagged and wrong by the size of the given category."""
    counted = ~truth.ignored
    given = pc.coalesce(rows["noisy_category_id"], rows["category_id"]).to_numpy()
    return by_frequency(given[counted], every.flagged[counted], every.wrong[counted])
