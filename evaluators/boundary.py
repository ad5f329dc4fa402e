"""Boundary IoU between many detections and ground truths, as boundary AP needs it.

Boundary AP scores min(mask IoU, boundary IoU) [1]_. A pair below the lowest IoU threshold cannot
match whatever its boundary is, so only the others are looked at, in their crops.

References
----------
.. [1] Cheng, Girshick, Dollár, Berg, Kirillov: Boundary IoU: Improving Object-Centric Image
       Segmentation Evaluation, CVPR 2021 (Section 5).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evaluators.problem import IOU_THRESHOLDS
from benchmark_n.masks import CropMask, Rle, intersection_area, rle_to_crop
from benchmark_n.masks.boundary import boundary, boundary_distance

# The ratio of each dataset's own evaluation, as the reference code has it.
DATASET_RATIOS = {"coco": 0.02, "lvis": 0.02, "cityscapes": 0.005}


class BoundaryIou:
    """Lowers mask IoUs to boundary IoUs."""

    def __init__(self, dilation_ratio: float) -> None:
        self._ratio = dilation_ratio

    def lowered(
        self,
        ious: NDArray[np.float64],
        found: Sequence[dict[str, Any]],
        truth: Sequence[dict[str, Any]],
    ) -> NDArray[np.float64]:
        """min(mask IoU, boundary IoU) wherever the mask IoU reaches the lowest threshold.

        Parameters
        ----------
        ious
            float64 (D, G), mask IoUs.
        found, truth
            D and G records with ``segmentation`` (RLE) and ``iscrowd``. Against a crowd the mask
            IoU stays, as in the reference code.
        """
        crowd = np.array([record["iscrowd"] for record in truth], bool)
        near = np.argwhere((ious >= IOU_THRESHOLDS[0]) & ~crowd)
        if not len(near):
            return ious
        lowered = ious.copy()
        bands_found = self._bands(found, near[:, 0])
        bands_truth = self._bands(truth, near[:, 1])
        for d, g in near.tolist():
            (a, area_a), (b, area_b) = bands_found[d], bands_truth[g]
            shared = intersection_area(a, b)
            union = area_a + area_b - shared
            lowered[d, g] = min(ious[d, g], shared / union if union else 0.0)
        return lowered

    def _bands(
        self, records: Sequence[dict[str, Any]], rows: NDArray[np.intp]
    ) -> dict[int, tuple[CropMask, int]]:
        bands = {}
        for i in set(rows.tolist()):
            band = boundary_band(records[i]["segmentation"], self._ratio)
            bands[i] = (band, band.area)
        return bands


def boundary_band(rle: Rle, dilation_ratio: float) -> CropMask:
    """The boundary of a mask: its pixels within d = round(ratio x diagonal) px of the outside."""
    height, width = rle["size"]
    return boundary(rle_to_crop(rle), boundary_distance(height, width, dilation_ratio))
