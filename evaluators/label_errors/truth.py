"""Which annotations of a manifest are wrong, by kind of error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from benchmark_n.errors import InputError

Flags = NDArray[np.bool_]
SPATIAL_IOU = 0.9
BOUNDARY_IOU = 0.8
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
)


@dataclass(frozen=True)
class Truth:
    """Labels of N annotations, bool arrays of shape (N,): wrong, and not to be counted."""

    wrong: Flags
    ignored: Flags


def surviving(manifest: Any) -> Any:
    """The rows of annotations that the noisy file has, without crowds."""
    lacking = [name for name in _NEEDED if name not in manifest.column_names]
    if lacking:
        raise InputError(f"manifest: column '{lacking[0]}' is missing")
    return manifest.filter(pc.invert(pc.or_(manifest["deleted"], manifest["crowd"])))


def class_errors(rows: Any) -> Truth:
    """Wrong: another category than the clean one. A spurious annotation has none: ignored."""
    clean, given = rows["category_id"], rows["noisy_category_id"]
    wrong = pc.fill_null(pc.not_equal(clean, given), False)
    return Truth(_flags(wrong), _flags(clean.is_null()))


def spatial_errors(
    rows: Any, threshold: float = SPATIAL_IOU, *, column: str = "iou", strict: bool = False
) -> Truth:
    """Wrong: `column` (``iou`` or ``boundary_iou``) below `threshold`.

    A mask that noise changed by less is ignored, or right if `strict`. Spurious ones have no clean
    mask and are ignored.
    """
    values = _values(rows[column])
    changed = _values(rows["iou"]) < 1
    wrong = values < threshold
    ignored = np.isnan(values)
    return Truth(wrong, ignored if strict else ignored | (changed & ~wrong))


def any_errors(rows: Any, threshold: float = SPATIAL_IOU, *, strict: bool = False) -> Truth:
    """Wrong: by class or by place, or spurious."""
    of_class = class_errors(rows)
    spatial = spatial_errors(rows, threshold, strict=strict)
    spurious = _flags(pc.equal(rows["origin"], "spurious"))
    wrong = of_class.wrong | spatial.wrong | spurious
    return Truth(wrong, (of_class.ignored | spatial.ignored) & ~wrong)


def _flags(column: Any) -> Flags:
    return np.asarray(column.to_numpy(zero_copy_only=False), bool)


def _values(column: Any) -> NDArray[np.float64]:
    """Floats with NaN for null."""
    return np.asarray(pc.fill_null(column, float("nan")).to_numpy(), float)
