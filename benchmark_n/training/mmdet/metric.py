"""Box, mask and boundary AP in MMEngine's evaluation loops, by this package's evaluators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from mmdet.registry import METRICS
from mmengine.evaluator import BaseMetric
from pycocotools import mask as coco_mask

from benchmark_n.coco import read_coco
from benchmark_n.evaluators.average_precision.evaluate import evaluate_instances
from benchmark_n.evaluators.average_precision.options import PrecisionOptions
from benchmark_n.evaluators.average_precision.problem import IOU_TYPES
from benchmark_n.files.atomic import write_whole
from benchmark_n.masks import rle_record
from benchmark_n.masks.boundary import DEFAULT_DILATION_RATIO


@METRICS.register_module()
class BoundaryCocoMetric(BaseMetric):
    """AP of boxes, masks and boundaries against a COCO file, over all and per category.

    Names of the results are ``coco/segm_AP``, ``coco/boundary_AP50``, ``coco/segm_AP/<category>``
    and so on, fractions from 0 to 1; what has no ground truth is left out.

    Parameters
    ----------
    ann_file
        The labels; categories in the order of the model's labels.
    iou_types
        Of ``bbox``, ``segm`` and ``boundary``.
    outfile
        Where to write the detections in COCO's results format.
    format_only
        Write the detections and evaluate nothing.
    """

    default_prefix = "coco"

    def __init__(
        self,
        ann_file: str,
        iou_types: Sequence[str] = IOU_TYPES,
        dilation_ratio: float = DEFAULT_DILATION_RATIO,
        outfile: str | None = None,
        format_only: bool = False,
        collect_device: str = "cpu",
    ) -> None:
        super().__init__(collect_device=collect_device)
        self._truth = read_coco(ann_file)
        self._category_ids = list(self._truth.categories)
        self._iou_types, self._dilation_ratio = iou_types, dilation_ratio
        self._outfile, self._format_only = outfile, format_only

    def process(self, data_batch: Any, data_samples: Sequence[Mapping[str, Any]]) -> None:
        """Keep the detections of a batch."""
        for sample in data_samples:
            self.results.append(detections(sample, self._category_ids))

    def compute_metrics(self, results: list[list[dict[str, Any]]]) -> dict[str, float]:
        """Evaluate all detections."""
        found = [record for records in results for record in records]
        if self._outfile is not None:
            # Whole, since held-out predictions that are there are not made again.
            write_whole(Path(self._outfile), msgspec.json.encode(found))
        if self._format_only:
            return {}
        metrics: dict[str, float] = {}
        for kind in self._iou_types:
            result = evaluate_instances(
                self._truth,
                found,
                iou_type=kind,  # type: ignore[arg-type]
                options=PrecisionOptions(dilation_ratio=self._dilation_ratio),
            )
            values = {f"{kind}_{name}": value for name, value in result.statistics.items()}
            for name, of_category in result.per_category.items():
                values[f"{kind}_AP/{name}"] = of_category["AP"]
            metrics |= {name: value for name, value in values.items() if value is not None}
        return metrics


def detections(sample: Mapping[str, Any], category_ids: Sequence[int]) -> list[dict[str, Any]]:
    """COCO results records of the ``pred_instances`` of a sample.

    A box without area (SOLO gives none) is left out: evaluators take the mask's.
    """
    found = sample["pred_instances"]
    boxes = found["bboxes"].cpu().numpy().astype(float)
    scores, labels = found["scores"].cpu().tolist(), found["labels"].cpu().tolist()
    records = []
    for box, score, label, mask in zip(boxes, scores, labels, found["masks"], strict=True):
        rle = coco_mask.encode(np.asfortranarray(mask.cpu().numpy().astype(np.uint8)))
        record = {
            "image_id": int(sample["img_id"]),
            "category_id": category_ids[label],
            "score": min(max(score, 0.0), 1.0),
            "segmentation": rle_record(rle),
        }
        x0, y0, x1, y1 = box.tolist()
        if x1 > x0 and y1 > y0:
            record["bbox"] = [x0, y0, x1 - x0, y1 - y0]
        records.append(record)
    return records
