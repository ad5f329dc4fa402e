"""Results of parts of the data, with counts and intervals, the worst first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile
from benchmark_n.coco.units import FEW
from benchmark_n.errors import InputError, UsageError, did_you_mean
from benchmark_n.runtime.options import check_whole

MADE = ("category", "supercategory", "size")
NOT_STATED = "(not stated)"
BINS = 3
# A field of numbers with more values than these is cut into bins.
_MOST_NUMBERS = 8
Interval = tuple[float, float] | None


@dataclass(frozen=True)
class SliceOptions:
    """What results are sliced by, and how sure they are.

    Parameters
    ----------
    by
        ``category``, ``supercategory``, ``size`` or fields of the image records.
    group_by
        Image field whose values are drawn whole; by default the units of `benchmark_n.coco.units`.
    bootstrap, seed
        Replicates of the 95 % intervals (None: as many as the question takes), and their seed.

    Raises
    ------
    UsageError
        One text as `by`, or a number of replicates below 1.

    Examples
    --------
    >>> SliceOptions(by=("sex",), bootstrap=500).group_by is None
    True
    """

    by: tuple[str, ...] = ()
    group_by: str | None = None
    bootstrap: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if isinstance(self.by, str):
            raise UsageError(f"`by` must be a tuple of names, but got '{self.by}'")
        object.__setattr__(self, "by", tuple(dict.fromkeys(self.by)))
        if self.bootstrap is not None:
            check_whole("`bootstrap`", self.bootstrap, least=1)


@dataclass(frozen=True)
class AgreementOptions(SliceOptions):
    """`SliceOptions` of questions about masks of known counterparts: labels, ejection fractions.

    Parameters
    ----------
    tolerance
        Within which a boundary counts as met in the normalised surface Dice, mm.
    surface
        Whether distances between boundaries of labels are measured, which takes longest. Of
        ejection fractions they always are.

    Raises
    ------
    UsageError
        A tolerance that is not above 0, or as `SliceOptions`.

    Examples
    --------
    >>> AgreementOptions(by=("view",), tolerance=2.0).surface
    False
    """

    tolerance: float = 1.0
    surface: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.tolerance > 0:
            raise UsageError(f"`tolerance` must be above 0 mm, but got {self.tolerance}")


@dataclass(frozen=True)
class Slice:
    """One value of a field.

    Parameters
    ----------
    counts
        ``units``, and what was counted: ``ground_truths``, ``labels``, ``patients``, ….
    measures, intervals
        Measure to its value over the part, and to its 95 % bootstrap interval over units.
    approximate
        Whether the interval rests on fewer than 30 units.
    """

    value: str
    counts: Mapping[str, int]
    measures: Mapping[str, float | None]
    intervals: Mapping[str, Interval]

    @property
    def approximate(self) -> bool:
        return self.counts["units"] < FEW

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**asdict(self), "approximate": self.approximate}


def worst_first(
    slices: Iterable[Slice], measure: str, *, larger_is_worse: bool = False
) -> list[Slice]:
    """Sorted by a measure, the worst first, undefined ones last, ties by value.

    >>> parts = [Slice(v, {"units": 1}, {"AP": a}, {}) for v, a in (("x", 0.5), ("y", 0.2))]
    >>> [part.value for part in worst_first(parts, "AP")]
    ['y', 'x']
    """
    sign = -1 if larger_is_worse else 1

    def key(part: Slice) -> tuple[bool, float, str]:
        value = part.measures[measure]
        return value is None, 0.0 if value is None else sign * value, part.value

    return sorted(slices, key=key)


def image_labels(coco: CocoFile, name: str) -> dict[int, str]:
    """Image id to what the image's record says of a field; many numbers are cut into thirds.

    Raises
    ------
    InputError
        No image has the field.
    """
    records = coco.section("images")
    if not any(record.get(name) is not None for record in records):
        known = sorted({*MADE, *(key for record in records for key in record)})
        raise InputError(
            f"{coco.path.name}: no image has a field '{name}': {did_you_mean(name, known)}"
        )
    values = [record.get(name) for record in records]
    return dict(zip((record["id"] for record in records), field_labels(name, values), strict=True))


def field_labels(name: str, values: Sequence[Any]) -> list[str]:
    """Values of a field as texts; numbers of many values as the third they lie in."""
    known = [value for value in values if value is not None]
    if len(set(map(str, known))) <= _MOST_NUMBERS or not all(map(_is_number, known)):
        return [NOT_STATED if value is None else str(value) for value in values]
    cuts = np.quantile(np.array(known, float), np.arange(1, BINS) / BINS)
    places = iter(binned(name, np.array(known, float), cuts))
    return [NOT_STATED if value is None else next(places) for value in values]


def binned(name: str, values: NDArray[np.float64], cuts: NDArray[np.float64]) -> list[str]:
    """The bin of each value (N,), such as ``age 20 to 35``, a cut itself in the lower one.

    >>> binned("age", np.array([20.0, 35, 80]), np.array([35.0]))
    ['age 20 to 35', 'age 20 to 35', 'age 35 to 80']
    """
    inner = np.unique(cuts)
    edges = [float(values.min()), *inner.tolist(), float(values.max())]
    names = [f"{name} {low:g} to {high:g}" for low, high in pairwise(edges)]
    return [names[place] for place in np.searchsorted(inner, values, side="left").tolist()]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
