"""Options of label-error detection's measures."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark_n.errors import UsageError
from benchmark_n.evaluators.label_errors.bootstrap import REPLICATES
from benchmark_n.evaluators.label_errors.truth import BOUNDARY_IOU, SPATIAL_IOU

BY = ("noise", "category", "size", "supercategory")


@dataclass(frozen=True)
class LabelErrorOptions:
    """What counts as an error, what results are broken down by, and how sure they are.

    Parameters
    ----------
    spatial_iou, boundary_iou
        Below these a mask is a spatial error, by mask and by boundary IoU with the clean mask.
    strict
        Count masks changed by less as right; by default they are left out.
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

    Raises
    ------
    UsageError
        A threshold outside 0 to 1, or no replicate.

    Examples
    --------
    >>> LabelErrorOptions(by=("noise",), bootstrap=1000).spatial_iou
    0.9
    """

    spatial_iou: float = SPATIAL_IOU
    boundary_iou: float = BOUNDARY_IOU
    strict: bool = False
    by: tuple[str, ...] = BY
    slices: tuple[str, ...] = ()
    group_by: str | None = None
    bootstrap: int = REPLICATES
    seed: int = 0

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
        for name in ("spatial_iou", "boundary_iou"):
            value = getattr(self, name)
            if not 0 < value <= 1:
                raise UsageError(f"{name} must be above 0, at most 1, but got {value}")
        if self.bootstrap < 1:
            raise UsageError(f"bootstrap must be 1 or more, but got {self.bootstrap}")
