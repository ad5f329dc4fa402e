"""Options of label-error detection's measures."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark_n.errors import UsageError
from benchmark_n.evaluators.label_errors.bootstrap import REPLICATES
from benchmark_n.evaluators.label_errors.truth import DEFAULT_TRUTH, SpatialTruth

BY = ("noise", "category", "size", "supercategory")


@dataclass(frozen=True)
class LabelErrorOptions:
    """What counts as an error, what results are broken down by, and how sure they are.

    Parameters
    ----------
    truth
        When a mask counts as wrong.
    by
        What to break the results down by: ``noise``, ``category``, ``supercategory``, or a column
        of the manifest. The category is the given (noisy) one.
    slices
        What to break the results down by with intervals, the worst first: as `by`, but for
        ``noise``.
    group_by
        Column whose values are resampled whole; None for the images, and for a benchmark for its
        units (`benchmark_n.coco.units`).
    bootstrap, seed
        Number of replicates and their seed. Equal seeds over one manifest give paired replicates.
    units_in_order
        Of a benchmark: number the units by the images' ids, so that replicates of several noise
        seeds of one source are of the same draws.

    Raises
    ------
    UsageError
        Fields that are no tuple, or no replicate.

    Examples
    --------
    >>> LabelErrorOptions(SpatialTruth("changed"), by=("noise",)).truth.name
    'changed'
    """

    truth: SpatialTruth = DEFAULT_TRUTH
    by: tuple[str, ...] = BY
    slices: tuple[str, ...] = ()
    group_by: str | None = None
    bootstrap: int = REPLICATES
    seed: int = 0
    units_in_order: bool = False

    @property
    def group_column(self) -> str:
        """The column that is resampled by."""
        return self.group_by or "image_id"

    def __post_init__(self) -> None:
        if isinstance(self.by, str):
            raise UsageError(f"by must be a tuple of names, but got '{self.by}'")
        object.__setattr__(self, "by", tuple(self.by))
        object.__setattr__(self, "slices", tuple(dict.fromkeys(self.slices)))
        if "noise" in self.slices:
            raise UsageError("results by noise are there without slices: `by` other fields")
        if self.bootstrap < 1:
            raise UsageError(f"bootstrap must be 1 or more, but got {self.bootstrap}")
