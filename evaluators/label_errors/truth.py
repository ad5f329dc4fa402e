"""Which annotations of a manifest are wrong, by kind of error.

A category is wrong or not; for a mask it takes a rule. The default is the one whose errors the
area of the given mask tells least: a measure of a rule that small masks alone fulfil rewards
whoever flags what is small (``scripts/results/truth.md``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from benchmark_n.coco.annotation_masks import SIZES
from benchmark_n.errors import InputError, UsageError
from benchmark_n.evaluators.label_errors.origins import extra_annotations, flags, merged_or_split
from benchmark_n.runtime.options import check_known

Flags = NDArray[np.bool_]
Bar = float | Mapping[str, float]
TRUTHS = ("changed", "mask-iou", "boundary-iou", "pair-quantile")
VERSION = 1
# The bar of each rule that has one; of pair-quantile the share of the pairs that are below it.
BARS = {"mask-iou": 0.9, "boundary-iou": 0.9, "pair-quantile": 0.1}
_SAME_OBJECT = 0.5
_NEEDED = (
    "annotation_id",
    "image_id",
    "origin",
    "crowd",
    "category_id",
    "noisy_category_id",
    "deleted",
    "size",
    "iou",
    "boundary_iou",
    "noisy_area",
)


@dataclass(frozen=True)
class Truth:
    """Labels of N annotations, bool arrays of shape (N,): wrong, and not to be counted."""

    wrong: Flags
    ignored: Flags


@dataclass(frozen=True)
class SpatialTruth:
    """The rule by which a mask counts as wrong.

    Parameters
    ----------
    name
        ``changed``: it differs from the clean mask at all. ``mask-iou``, ``boundary-iou``: its IoU,
        or boundary IoU, with the clean mask is below the bar; of a box without a mask the IoU with
        the clean box. ``pair-quantile``: its IoU is below
        what two annotators reach on an object of that size, the quantile `bar` of the benchmark's
        own pairs; of use where a benchmark is a real pair of files.
    bar
        A number above 0 and at most 1 (a quantile: below 1), or one for each size (``small``,
        ``medium``, ``large``); by default `BARS`.
    leave_out
        Count masks that changed, but by less than the bar, neither as wrong nor as right. By
        default they are right.

    Raises
    ------
    UsageError
        An unknown rule, or a bar that it cannot have.

    Examples
    --------
    >>> SpatialTruth("mask-iou", {"small": 0.65, "medium": 0.78, "large": 0.82}).name
    'mask-iou'
    """

    name: str = "boundary-iou"
    bar: Bar | None = None
    leave_out: bool = False

    def __post_init__(self) -> None:
        check_known("truth", self.name, TRUTHS)
        by_pairs = self.name == "pair-quantile"
        if self.leave_out and (by_pairs or self.name == "changed"):
            raise UsageError(f"truth {self.name} leaves nothing out: `leave_out` is for a bar")
        if self.bar is None:
            return
        if self.name == "changed":
            raise UsageError("truth changed has no `bar`")
        if isinstance(self.bar, Mapping) and (by_pairs or set(self.bar) != set(SIZES)):
            expected = "one number" if by_pairs else f"one number or {', '.join(SIZES)}"
            raise UsageError(
                f"bar of truth {self.name} is for {', '.join(map(str, self.bar))}: "
                f"expected {expected}"
            )
        for value in self.bar.values() if isinstance(self.bar, Mapping) else (self.bar,):
            if not 0 < value <= 1 or (by_pairs and value == 1):
                most = "below 1" if by_pairs else "at most 1"
                raise UsageError(f"bar must be above 0, {most}, but got {value}")

    def resolved(self) -> Bar | None:
        """The bar in use; None for ``changed``."""
        return BARS.get(self.name) if self.bar is None else self.bar

    def to_dict(self, rows: Any) -> dict[str, Any]:
        """Name, bar, version and what is left out; of a quantile the bars by size it comes to."""
        bar = self.resolved()
        made: dict[str, Any] = {
            "name": self.name,
            "bar": dict(bar) if isinstance(bar, Mapping) else bar,
            "version": VERSION,
            "leave_out": self.leave_out,
        }
        if self.name == "pair-quantile":
            assert isinstance(bar, float)
            made["bars"] = pair_bars(rows, bar)
        return made


DEFAULT_TRUTH = SpatialTruth()


def surviving(manifest: Any) -> Any:
    """The rows of annotations that the noisy file has, without crowds."""
    lacking = [name for name in _NEEDED if name not in manifest.column_names]
    if lacking:
        raise InputError(f"manifest: column '{lacking[0]}' is missing")
    return manifest.filter(pc.invert(pc.or_(manifest["deleted"], manifest["crowd"])))


def verified(rows: Any) -> Flags:
    """Whose clean version somebody beyond the annotator confirmed, bool (N,); where known."""
    if "verified" not in rows.column_names:
        return np.zeros(len(rows), bool)
    return flags(pc.fill_null(rows["verified"], False))


def class_errors(rows: Any) -> Truth:
    """Wrong: another category than the clean one. An extra annotation has none: ignored."""
    clean, given = rows["category_id"], rows["noisy_category_id"]
    wrong = pc.fill_null(pc.not_equal(clean, given), False)
    return Truth(flags(wrong), flags(clean.is_null()))


def spatial_errors(rows: Any, truth: SpatialTruth = DEFAULT_TRUTH) -> Truth:
    """Wrong: by the rule, and whatever the rule several drawn as one and what is left of a split.

    Extra annotations have no clean mask and are ignored. Boxes without masks have no boundary IoU;
    under ``boundary-iou`` the bar is of their box IoU.
    """
    iou = float_values(rows["iou"])
    ignored, changed = np.isnan(iou), iou < 1
    whole = merged_or_split(rows)
    if truth.name == "changed":
        return Truth(changed | whole, ignored)
    values = iou
    if truth.name == "boundary-iou":
        edges = float_values(rows["boundary_iou"])
        values = np.where(np.isnan(edges), iou, edges)
    wrong = (values < _bars(rows, truth)) | whole
    return Truth(wrong, ignored | (changed & ~wrong) if truth.leave_out else ignored)


def spurious_errors(rows: Any) -> Truth:
    """Wrong: annotations too many, be they spurious or the further part of a split one."""
    return Truth(extra_annotations(rows), np.zeros(len(rows), bool))


def any_errors(rows: Any, truth: SpatialTruth = DEFAULT_TRUTH) -> Truth:
    """Wrong: by class or by place, or too many."""
    of_class = class_errors(rows)
    spatial = spatial_errors(rows, truth)
    wrong = of_class.wrong | spatial.wrong | extra_annotations(rows)
    return Truth(wrong, (of_class.ignored | spatial.ignored) & ~wrong)


def pair_bars(rows: Any, quantile: float) -> dict[str, float | None]:
    """Size to the quantile of the IoU of its pairs; None without any.

    Pairs of an IoU below .5 do not count: they may be of two objects.

    Examples
    --------
    The instances of LVIS that were drawn twice come to .65, .78 and .82 at the quantile .1.
    """
    iou, sizes = float_values(rows["iou"]), np.array(rows["size"].to_pylist(), object)
    parts = {size: iou[(iou >= _SAME_OBJECT) & (sizes == size)] for size in SIZES}
    return {
        size: float(np.quantile(part, quantile)) if part.size else None
        for size, part in parts.items()
    }


def float_values(column: Any) -> NDArray[np.float64]:
    """Floats with NaN for null."""
    return np.asarray(pc.fill_null(column, float("nan")).to_numpy(), float)


def _bars(rows: Any, truth: SpatialTruth) -> NDArray[np.float64]:
    """The bar of each row, float64 (N,)."""
    bar = truth.resolved()
    if truth.name == "pair-quantile":
        assert isinstance(bar, float)
        bars = pair_bars(rows, bar)
        bar = {size: 0.0 if value is None else value for size, value in bars.items()}
    if isinstance(bar, Mapping):
        return np.array([bar.get(size, 0.0) for size in rows["size"].to_pylist()], float)
    return np.full(len(rows), bar, float)
