"""Independent evaluations: pycocotools from files, and boundary AP on whole canvases."""

from __future__ import annotations

import contextlib
import copy
import io
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def canvas_boundary(mask: NDArray[np.uint8], ratio: float) -> NDArray[np.uint8]:
    """The boundary by d erosions by a 3x3 kernel of the whole padded canvas."""
    h, w = mask.shape
    distance = max(1, round(ratio * (h**2 + w**2) ** 0.5))
    padded = np.pad(mask, 1)
    eroded = cv2.erode(padded, np.ones((3, 3), np.uint8), iterations=distance)
    return (mask - eroded[1:-1, 1:-1]).astype(np.uint8)


class CanvasBoundaryEval(COCOeval):  # type: ignore[misc]
    """Boundary AP with every boundary drawn on a canvas of its image."""

    ratio = 0.02

    def computeIoU(self, imgId: int, catId: int) -> Any:  # noqa: N802, N803
        ious = super().computeIoU(imgId, catId)
        if len(ious) == 0:
            return ious
        truth, found = self._gts[imgId, catId], self._dts[imgId, catId]
        order = np.argsort([-d["score"] for d in found], kind="mergesort")
        found = [found[i] for i in order[: self.params.maxDets[-1]]]
        bands = [[self.band(a["segmentation"]) for a in side] for side in (found, truth)]
        of_bands = coco_mask.iou(*bands, [0] * len(truth)) if len(truth) else ious
        crowd = np.array([a["iscrowd"] for a in truth], bool)
        return np.where(crowd, ious, np.minimum(ious, of_bands))

    def band(self, rle: Any) -> Any:
        band = canvas_boundary(coco_mask.decode(rle), self.ratio)
        return coco_mask.encode(np.asfortranarray(band))


def oracle_statistics(
    document: dict[str, Any],
    detections: list[dict[str, Any]],
    iou_type: str,
    *,
    use_categories: bool = True,
    ratio: float = 0.02,
) -> list[float]:
    """The twelve statistics of pycocotools, from `COCO` and `loadRes`."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = copy.deepcopy(document)
        truth.createIndex()
        found = truth.loadRes(copy.deepcopy(detections))
        kind = CanvasBoundaryEval if iou_type == "boundary" else COCOeval
        evaluation = kind(truth, found, "bbox" if iou_type == "bbox" else "segm")
        evaluation.ratio = ratio
        evaluation.params.useCats = int(use_categories)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return [float(value) for value in evaluation.stats]
