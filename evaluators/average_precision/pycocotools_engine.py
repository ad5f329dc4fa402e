"""The pycocotools engine: COCOeval itself, given arrays and our boundary IoU.

References
----------
.. [1] Lin et al.: Microsoft COCO: Common Objects in Context, ECCV 2014; the evaluation code of
       pycocotools is its definition.
.. [2] Gupta, Dollár, Girshick: LVIS: A Dataset for Large Vocabulary Instance Segmentation, CVPR
       2019 (Section 2.2, federated evaluation).
"""

from __future__ import annotations

import contextlib
import io
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools.cocoeval import COCOeval

from benchmark_n.coco.instances import Instances
from benchmark_n.evaluators.average_precision.boundary import boundary_ious
from benchmark_n.evaluators.average_precision.problem import (
    AREA_RANGES,
    IOU_THRESHOLDS,
    RECALLS,
    Curves,
    Problem,
)
from benchmark_n.masks import Rle

Records = dict[tuple[int, int], list[dict[str, Any]]]


class OracleEval(COCOeval):  # type: ignore[misc]
    """`COCOeval` on a `Problem`: the records are made here, so nothing of the caller's changes."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(iouType="bbox" if problem.iou_type == "bbox" else "segm")
        self._problem = problem
        params = self.params
        params.imgIds, params.catIds = list(problem.image_ids), list(problem.category_ids)
        params.maxDets = list(problem.max_detections)
        params.iouThrs, params.recThrs = IOU_THRESHOLDS, RECALLS
        params.areaRng = [[low, high] for _, low, high in AREA_RANGES]
        params.areaRngLbl = [name for name, _, _ in AREA_RANGES]

    def _prepare(self) -> None:
        self._gts = _records(self._problem.truth, lambda crowd: {"ignore": crowd})
        self._dts = _records(self._problem.detections, lambda _: {})
        self._lowered = self._boundary_ious() if self._problem.iou_type == "boundary" else {}

    def _boundary_ious(self) -> dict[tuple[int, int], NDArray[np.float64]]:
        most = self.params.maxDets[-1]
        keys = [key for key in self._dts if self._gts.get(key)]
        detections, truth, crowd = {}, {}, {}
        for key in keys:
            order = np.argsort([-record["score"] for record in self._dts[key]], kind="mergesort")
            detections[key] = [self._dts[key][i]["segmentation"] for i in order[:most].tolist()]
            truth[key] = [record["segmentation"] for record in self._gts[key]]
            crowd[key] = np.array([record["iscrowd"] for record in self._gts[key]], bool)
        ious = {key: super(OracleEval, self).computeIoU(*key) for key in keys}
        return boundary_ious(ious, detections, truth, crowd, self._problem.dilation_ratio)

    def computeIoU(self, imgId: int, catId: int) -> Any:  # noqa: N802, N803
        lowered = self._lowered.get((imgId, catId))
        return super().computeIoU(imgId, catId) if lowered is None else lowered

    def evaluateImg(self, imgId: int, catId: int, aRng: Any, maxDet: int) -> Any:  # noqa: N802, N803
        result = super().evaluateImg(imgId, catId, aRng, maxDet)
        federated = self._problem.federated
        if result is not None and federated is not None:
            not_exhaustive = federated.not_exhaustive.get(imgId, frozenset())
            if catId in not_exhaustive:
                result["dtIgnore"] = result["dtIgnore"] | (result["dtMatches"] == 0)
        return result


def run(problem: Problem) -> Curves:
    """Evaluate with pycocotools.

    Examples
    --------
    >>> from benchmark_n import SourceOptions, make
    >>> from benchmark_n.coco.predictions import read_predictions
    >>> from benchmark_n.evaluators.average_precision.engines import build_problem
    >>> truth = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard").clean()
    >>> found = read_predictions([{**record, "score": 0.9} for record in truth.records()], truth)
    >>> problem, _ = build_problem(truth, found, "segm", 100, 0.02, None)
    >>> run(problem).recall.shape  # thresholds, categories, area ranges, detections
    (10, 12, 4, 3)
    """
    evaluation = OracleEval(problem)
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation.evaluate()
        evaluation.accumulate()
    precision: NDArray[np.float64] = evaluation.eval["precision"]
    recall: NDArray[np.float64] = evaluation.eval["recall"]
    return Curves(precision, recall, evaluation.evalImgs)


def _records(instances: Instances, extra: Callable[[int], dict[str, Any]]) -> Records:
    """Records by (image, category), in their order."""
    masks: Sequence[Rle | None] = instances.masks or [None] * len(instances)
    records: Records = defaultdict(list)
    for row, mask in zip(instances.rows(), masks, strict=True):
        identity, image, category, box, area, crowd, score = row
        records[image, category].append(
            {
                "id": identity,
                "bbox": box,
                "area": area,
                "iscrowd": crowd,
                "score": score,
                "segmentation": mask,
                **extra(crowd),
            }
        )
    return records
