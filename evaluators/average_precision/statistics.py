"""Summary statistics out of precision and recall curves, the same for both engines.

A statistic over no ground truth is None (pycocotools prints -1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evaluators.average_precision.problem import AREA_RANGES, IOU_THRESHOLDS, Curves

Statistics = dict[str, float | None]
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_AREAS = {name: place for place, (name, _, _) in enumerate(AREA_RANGES)}
_SUFFIX = {"small": "s", "medium": "m", "large": "l"}
FREQUENCIES = ("r", "c", "f")


def ladder(max_detections: int) -> list[int]:
    """Numbers of detections that recall is given for: 1, 10 and the headline's.

    >>> ladder(100), ladder(5)
    ([1, 10, 100], [1, 5])
    """
    return sorted({1, min(10, max_detections), max_detections})


def coco_statistics(curves: Curves, max_detections: Sequence[int]) -> Statistics:
    """COCO's twelve: AP, AP50, AP75, APs, APm, APl, AR by number of detections, ARs, ARm, ARl."""
    values = average_precisions(curves)
    for place, count in enumerate(max_detections):
        values[f"AR{count}"] = _mean(curves.recall[:, :, 0, place])
    for name, suffix in _SUFFIX.items():
        values[f"AR{suffix}"] = _mean(curves.recall[:, :, _AREAS[name], -1])
    return values


def lvis_statistics(
    curves: Curves,
    max_detections: Sequence[int],
    category_ids: Sequence[int],
    frequency: Mapping[int, str],
) -> Statistics:
    """LVIS's thirteen: as COCO's, with APr, APc and APf, and recall at the last number alone."""
    values = average_precisions(curves)
    groups = np.array([frequency.get(i, "") for i in category_ids])
    for name in FREQUENCIES:
        values[f"AP{name}"] = _mean(curves.precision[:, :, groups == name, 0, -1])
    values[f"AR{max_detections[-1]}"] = _mean(curves.recall[:, :, 0, -1])
    for name, suffix in _SUFFIX.items():
        values[f"AR{suffix}"] = _mean(curves.recall[:, :, _AREAS[name], -1])
    return values


def average_precisions(curves: Curves) -> Statistics:
    """AP over all thresholds, at .5 and .75, and of small, medium and large instances."""
    precision = curves.precision[..., -1]
    values = {
        "AP": _mean(precision[..., 0]),
        "AP50": _mean(precision[_threshold(0.5), ..., 0]),
        "AP75": _mean(precision[_threshold(0.75), ..., 0]),
    }
    for name, suffix in _SUFFIX.items():
        values[f"AP{suffix}"] = _mean(precision[..., _AREAS[name]])
    return values


def category_statistics(curves: Curves, category_ids: Sequence[int]) -> dict[int, Statistics]:
    """The average precisions of each category that has ground truth."""
    found = {}
    for place, category in enumerate(category_ids):
        part = Curves(
            curves.precision[:, :, place : place + 1], curves.recall[:, place : place + 1]
        )
        values = average_precisions(part)
        if values["AP"] is not None:
            found[category] = values
    return found


def mean_statistics(parts: Sequence[Statistics]) -> Statistics:
    """Mean of each statistic over the parts where it is defined."""
    names = parts[0] if parts else ()
    means: Statistics = {}
    for name in names:
        values = [value for part in parts if (value := part[name]) is not None]
        means[name] = sum(values) / len(values) if values else None
    return means


def distribution(values: NDArray[np.float64]) -> dict[str, object] | None:
    """Number, mean, quantiles and histogram (20 bins from 0 to the largest, at least 1)."""
    if not values.size:
        return None
    top = max(1.0, float(values.max()))
    counts, _ = np.histogram(values, bins=20, range=(min(0.0, float(values.min())), top))
    quantiles = np.quantile(values, QUANTILES).tolist()
    return {
        "count": int(values.size),
        "mean": float(values.mean()),
        "quantiles": {str(q): v for q, v in zip(QUANTILES, quantiles, strict=True)},
        "histogram": counts.tolist(),
        "histogram_range": [min(0.0, float(values.min())), top],
    }


def _threshold(value: float) -> int:
    return int(np.argmin(np.abs(IOU_THRESHOLDS - value)))


def _mean(values: NDArray[np.float64]) -> float | None:
    defined = values[values > -1]
    return float(np.mean(defined)) if defined.size else None
