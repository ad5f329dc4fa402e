"""Boundary IoU between many detections and ground truths, as boundary AP needs it.

Boundary AP scores min(mask IoU, boundary IoU) [1]_. A pair below the lowest IoU threshold cannot
match whatever its boundary is, so only the others are looked at, in their crops.

References
----------
.. [1] Cheng, Girshick, Dollár, Berg, Kirillov: Boundary IoU: Improving Object-Centric Image
       Segmentation Evaluation, CVPR 2021 (Section 5).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evaluators.average_precision.problem import IOU_THRESHOLDS
from benchmark_n.masks import CropMask, Rle, intersection_area, rles_to_crops
from benchmark_n.masks.boundary import boundary, boundary_distance

# Bounds the crops that are in memory.
_KEYS_AT_ONCE = 64
Key = tuple[int, int]


def boundary_ious(
    ious: Mapping[Key, NDArray[np.float64]],
    detections: Mapping[Key, Sequence[Rle]],
    truth: Mapping[Key, Sequence[Rle]],
    crowd: Mapping[Key, NDArray[np.bool_]],
    dilation_ratio: float,
) -> dict[Key, NDArray[np.float64]]:
    """min(mask IoU, boundary IoU) wherever the mask IoU reaches the lowest threshold.

    Parameters
    ----------
    ious
        Mask IoUs (D, G) by image and category.
    found, truth
        D and G masks.
    crowd
        bool (G,). Against a crowd the mask IoU stays, as in the reference code.
    """
    lowered = dict(ious)
    near = {
        key: pairs
        for key, values in ious.items()
        if len(pairs := np.argwhere((values >= IOU_THRESHOLDS[0]) & ~crowd[key]))
    }
    keys = sorted(near)
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        batch = keys[start : start + _KEYS_AT_ONCE]
        bands = _bands(batch, near, (detections, truth), dilation_ratio)
        for key in batch:
            values = ious[key].copy()
            for d, g in near[key].tolist():
                (a, area_a), (b, area_b) = bands[0, key, d], bands[1, key, g]
                shared = intersection_area(a, b)
                union = area_a + area_b - shared
                values[d, g] = min(values[d, g], shared / union if union else 0.0)
            lowered[key] = values
    return lowered


def _bands(
    keys: Sequence[Key],
    near: Mapping[Key, NDArray[np.intp]],
    sides: tuple[Mapping[Key, Sequence[Rle]], Mapping[Key, Sequence[Rle]]],
    dilation_ratio: float,
) -> dict[tuple[int, Key, int], tuple[CropMask, int]]:
    """Boundary and its area of each mask in a near pair, by side, key and place."""
    wanted = [
        (side, key, i)
        for key in keys
        for side in (0, 1)
        for i in np.unique(near[key][:, side]).tolist()
    ]
    crops = rles_to_crops([sides[side][key][i] for side, key, i in wanted])
    bands = (boundary_band(crop, dilation_ratio) for crop in crops)
    return {name: (band, band.area) for name, band in zip(wanted, bands, strict=True)}


def boundary_band(mask: CropMask, dilation_ratio: float) -> CropMask:
    """The boundary of a mask: its pixels within d = round(ratio x diagonal) px of the outside.

    Examples
    --------
    >>> import numpy as np
    >>> square = CropMask.from_full(np.pad(np.ones((6, 6)), 7))  # in an image of 20 x 20 px
    >>> boundary_band(square, 0.05).area  # 36 less the 4 x 4 px that are farther than 1 px
    20
    """
    return boundary(mask, boundary_distance(mask.height, mask.width, dilation_ratio))
