"""What scoring a detector gives, and differences between detectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.errors import InputError
from benchmark_n.evaluators.label_errors.bootstrap import interval
from benchmark_n.evaluators.slices import Slice

# Equal values of these make the replicates of two results those of the same draws.
_PAIRED = ("spatial_iou", "boundary_iou", "strict", "group_by", "groups", "bootstrap", "seed")


@dataclass(frozen=True)
class KindResult:
    """How well one kind of error was found.

    Parameters
    ----------
    kind
        ``class``, ``spatial``, ``spatial_boundary``, ``any`` or ``missing``.
    measures
        Counts (``instances``, ``errors``, ``ignored``, ``flagged``, ``unscored``); ``precision``,
        ``recall``, ``f1`` at the detector's own threshold; ``best_f1`` and ``best_threshold``;
        ``f1_at_budget`` (as many flags as there are errors: precision, recall and F1 are one);
        ``auroc``, ``auprc``, ``prevalence`` (the AUPRC of chance); ``precision_at_<k>``. None is
        what is not defined.
    intervals
        Measure to its 95 % bootstrap interval.
    by
        Field to value to the same measures over that part.
    slices
        Field to its values with counts and intervals, the worst AUPRC first.
    replicates
        Measure to its bootstrap values (R,), for paired differences.
    """

    kind: str
    measures: Mapping[str, float | int | None]
    intervals: Mapping[str, tuple[float, float] | None]
    by: Mapping[str, Mapping[str, Mapping[str, float | int | None]]]
    replicates: Mapping[str, NDArray[np.float64]] = field(repr=False, compare=False)
    slices: Mapping[str, Sequence[Slice]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, without the replicates."""
        return {
            "kind": self.kind,
            **self.measures,
            "intervals": {k: list(v) if v else None for k, v in self.intervals.items()},
            "by": {name: {k: dict(v) for k, v in rows.items()} for name, rows in self.by.items()},
            "slices": {name: [s.to_dict() for s in rows] for name, rows in self.slices.items()},
        }


@dataclass(frozen=True)
class LabelErrorResult:
    """Results of one detector; `kinds` holds those that the scores table has rows for."""

    kinds: Mapping[str, KindResult]
    sweep: Sequence[Mapping[str, float | int | None]]
    settings: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "kinds": {name: result.to_dict() for name, result in self.kinds.items()},
            "spatial_sweep": [dict(row) for row in self.sweep],
            "settings": dict(self.settings),
        }


def paired_difference(
    a: LabelErrorResult, b: LabelErrorResult, kind: str, name: str
) -> tuple[float, tuple[float, float] | None]:
    """``a - b`` of a measure, and its 95 % interval over the replicates that the two share.

    Raises
    ------
    InputError
        One of them has no such kind or measure, or their replicates are not of the same draws.
    """
    if any(a.settings[name] != b.settings[name] for name in _PAIRED):
        raise InputError(f"results with settings {a.settings} and {b.settings} cannot be paired")
    one, other = a.kinds.get(kind), b.kinds.get(kind)
    if one is None or other is None:
        raise InputError(f"kind '{kind}' is not in both results")
    values = one.measures.get(name), other.measures.get(name)
    if values[0] is None or values[1] is None or name not in one.replicates:
        raise InputError(f"measure '{name}' of kind '{kind}' is not in both results")
    spread = interval(one.replicates[name] - other.replicates[name])
    return float(values[0] - values[1]), spread
