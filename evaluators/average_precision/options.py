"""Options of average precision, shared by all that evaluates predictions."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark_n.errors import UsageError
from benchmark_n.evaluators.average_precision.engines import ENGINES, Engine
from benchmark_n.evaluators.slices import SliceOptions
from benchmark_n.runtime.options import check_known

COMPATIBLE = (None, "pycocotools")
PROTOCOLS = ("coco", "lvis")
REPLICATES = 200


@dataclass(frozen=True)
class PrecisionOptions(SliceOptions):
    """How average precisions are computed.

    Parameters
    ----------
    engine
        ``vernier`` (extra ``fast``), ``pycocotools``, or ``auto``: the first that is installed.
    protocol
        ``coco`` or ``lvis``; by default ``lvis`` where the images name their negative categories.
    max_detections
        An image and category (COCO, 100) or an image (LVIS, 300).
    class_agnostic
        As if all categories were one.
    dilation_ratio
        Of the boundary, of the image diagonal; by default the benchmark's, else 0.02.
    by, group_by, bootstrap, seed
        As in `SliceOptions`; without `by` and `bootstrap` there are no intervals, with `by` alone
        they are of 200 replicates.
    compat
        ``"pycocotools"``: as the raw oracle does it, with a ground truth of id 0 taken for
        unmatched, and areas of detections from their boxes where they have some.

    Raises
    ------
    UsageError
        A setting that there is not.

    Examples
    --------
    >>> PrecisionOptions(engine="pycocotools", max_detections=300).class_agnostic
    False
    """

    engine: Engine = "auto"
    protocol: str | None = None
    max_detections: int | None = None
    class_agnostic: bool = False
    dilation_ratio: float | None = None
    compat: str | None = None

    @property
    def replicates(self) -> int:
        """Replicates that are to be drawn."""
        return self.bootstrap or (REPLICATES if self.by else 0)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_known("`engine`", self.engine, ENGINES)
        check_known("`compat`", self.compat, COMPATIBLE)
        if self.protocol:
            check_known("`protocol`", self.protocol, PROTOCOLS)
        if self.max_detections is not None and self.max_detections < 1:
            raise UsageError(f"`max_detections` must be 1 or more, but got {self.max_detections}")
        if self.dilation_ratio is not None and not 0 < self.dilation_ratio < 1:
            raise UsageError(
                f"`dilation_ratio` must be between 0 and 1, but got {self.dilation_ratio}"
            )
