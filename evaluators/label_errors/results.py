"""What scoring a detector gives, and differences between detectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.errors import InputError
from benchmark_n.evaluators.label_errors.bootstrap import interval
from benchmark_n.evaluators.label_errors.floors import FloorComparison
from benchmark_n.evaluators.label_errors.frequency import FrequencyGroup
from benchmark_n.evaluators.label_errors.measures import Measured
from benchmark_n.evaluators.label_errors.truth import SpatialTruth
from benchmark_n.evaluators.slices import Slice

Spread = tuple[float, float] | None
# Equal values of these make the replicates of two results those of the same draws.
_PAIRED = ("truth", "group_by", "groups", "bootstrap", "seed")


@dataclass(frozen=True)
class KindResult:
    """How well one kind of error was found.

    Parameters
    ----------
    kind
        ``class``, ``spatial``, ``any`` or ``missing``.
    measures
        Counts (``instances``, ``errors``, ``ignored``, ``flagged``, ``unscored``);
        ``lifted_auprc``, by which detectors are ranked, and ``f1_at_budget`` (as many flags as
        there are errors: precision, recall and F1 are one); ``precision``, ``recall``, ``f1`` at
        the detector's own threshold, and ``chance_f1``, that of as many flags at random;
        ``best_f1`` and ``best_threshold``; ``auroc``; ``auprc`` (ties by expectation) and
        ``average_precision`` (scikit-learn's); ``prevalence``; ``precision_at_<k>``. None is what
        is not defined.
    intervals
        Measure to its 95 % bootstrap interval.
    by
        Field to value to the same measures over that part.
    replicates
        Measure to its bootstrap values (R,), for paired differences.
    floors
        Floor to its measures (`benchmark_n.evaluators.label_errors.floors`); empty for
        ``missing``, of which there are no right instances to count.
    floor_intervals
        Floor to the interval of its lifted AUPRC.
    against_floor
        The detector against the best of them.
    graded
        For ``spatial``: see `benchmark_n.evaluators.label_errors.graded`.
    slices
        Field to its values with counts and intervals, the worst AUPRC first.
    verified
        The same with verified annotations alone for right ones, and all that is wrong; None where
        none is verified.
    by_frequency
        For ``class``: see `benchmark_n.evaluators.label_errors.frequency`.
    """

    kind: str
    measures: Measured
    intervals: Mapping[str, Spread]
    by: Mapping[str, Mapping[str, Mapping[str, float | int | None]]]
    replicates: Mapping[str, NDArray[np.float64]] = field(repr=False, compare=False)
    floors: Mapping[str, Measured] = field(default_factory=dict)
    floor_intervals: Mapping[str, Spread] = field(default_factory=dict)
    against_floor: FloorComparison | None = None
    graded: Mapping[str, Any] | None = None
    slices: Mapping[str, Sequence[Slice]] = field(default_factory=dict)
    verified: KindResult | None = None
    by_frequency: Sequence[FrequencyGroup] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, without the replicates."""
        return {
            "kind": self.kind,
            **_plain(self),
            "graded": None if self.graded is None else dict(self.graded),
            "by": {name: {k: dict(v) for k, v in rows.items()} for name, rows in self.by.items()},
            "slices": {name: [s.to_dict() for s in rows] for name, rows in self.slices.items()},
            "verified": None if self.verified is None else _plain(self.verified),
            "by_frequency": [asdict(group) for group in self.by_frequency],
        }


@dataclass(frozen=True)
class LabelErrorResult:
    """Results of one detector; `kinds` holds those that the scores table has rows for.

    Parameters
    ----------
    sweep
        The measures of ``spatial`` without intervals for one bar of mask IoU after the other.
    truths
        The same under each rule that a mask can be wrong by, with its usual bar.
    settings
        What counted as an error, and the bootstrap.
    warnings
        What makes the figures say less than they seem to.

    Examples
    --------
    >>> from benchmark_n import SourceOptions, detect, make
    >>> from benchmark_n.evaluators.label_errors.evaluate import evaluate_label_errors
    >>> benchmark = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard")
    >>> (found,) = detect(benchmark.noisy(), None, "random")
    >>> result = evaluate_label_errors(found.scores, benchmark.manifest())
    >>> [result.kinds["class"].measures[name] for name in ("instances", "errors", "flagged")]
    [26, 12, 9]
    """

    kinds: Mapping[str, KindResult]
    sweep: Sequence[Mapping[str, float | int | None]]
    settings: Mapping[str, Any]
    truths: Mapping[str, Mapping[str, float | int | None]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def truth(self) -> SpatialTruth:
        """The rule by which masks were wrong."""
        stated = self.settings["truth"]
        return SpatialTruth(stated["name"], stated["bar"], stated["leave_out"])

    @property
    def tables(self) -> dict[str, KindResult]:
        """What tables show: each kind, and after it the same on verified annotations."""
        shown = {}
        for kind, result in self.kinds.items():
            shown[kind] = result
            if result.verified is not None:
                shown[f"{kind}, verified"] = result.verified
        return shown

    @property
    def verification(self) -> str:
        """What is known of the annotations that count as right, in a line."""
        verified = self.settings["verified"]
        if verified:
            return (
                f"{verified} of the annotations are verified: the tables on verified ones count "
                "these alone as right; over all, precision is a lower bound"
            )
        return (
            "no annotation is verified: what is flagged may be an error of the source's own "
            "labels, so precision is a lower bound"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "kinds": {name: result.to_dict() for name, result in self.kinds.items()},
            "spatial_sweep": [dict(row) for row in self.sweep],
            "spatial_truths": {name: dict(row) for name, row in self.truths.items()},
            "settings": dict(self.settings),
            "verification": self.verification,
            "warnings": list(self.warnings),
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


def _plain(result: KindResult) -> dict[str, Any]:
    """Measures, intervals and floors as plain values."""
    against = result.against_floor
    return {
        **result.measures,
        "intervals": {k: list(v) if v else None for k, v in result.intervals.items()},
        "floors": {
            name: {**own, "interval": _listed(result.floor_intervals.get(name))}
            for name, own in result.floors.items()
        },
        "against_floor": asdict(against) if against else None,
    }


def _listed(spread: Spread) -> list[float] | None:
    return list(spread) if spread else None
