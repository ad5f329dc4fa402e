"""Detectors of transformers by hub name or local folder: DETR and those after it.

Each of their queries has a box and a score for every category. Networks with a place for "no
object" (DETR, YOLOS) compete by a softmax; the others (Deformable DETR, RT-DETR) answer each
category for itself.

References
----------
.. [1] Carion et al.: End-to-End Object Detection with Transformers, ECCV 2020.
.. [2] Zhao et al.: DETRs Beat YOLOs on Real-time Object Detection, CVPR 2024.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmark_n.coco.pixels import Pixels
from benchmark_n.evidence.detections.base import Locations
from benchmark_n.nets.pretrained import load_image_model, model_name, model_revision
from benchmark_n.runtime.optional_imports import import_extra


class TransformersDetector:
    """Detector ``transformers:NAME``."""

    trained_on = "the pictures of its weights"

    def __init__(self, spec: str, device: str) -> None:
        what = f"object detector transformers:{spec}"
        kind = "AutoModelForObjectDetection"
        self._network, self._processor = load_image_model(kind, spec, device, what)
        self._torch = import_extra("torch", "weak", what)
        self._device = device
        labels = self._network.config.id2label
        self.categories = tuple(str(labels[i]) for i in range(len(labels)))
        self.name = model_name(spec)
        self.version = model_revision(spec, self._network.config)

    def locate(self, pixels: Pixels) -> Locations:
        """The boxes of all queries in an image, uint8 RGB (height, width, 3)."""
        inputs = self._processor(images=pixels, return_tensors="pt").to(self._device)
        with self._torch.inference_mode():
            answer = self._network(**inputs)
        logits, boxes = answer.logits[0].float(), answer.pred_boxes[0].float()
        height, width = pixels.shape[:2]
        middle, sides = boxes[:, :2], boxes[:, 2:]
        corners = self._torch.cat([middle - sides / 2, middle + sides / 2], 1).cpu().numpy()
        scale = np.array([width, height] * 2, np.float32)
        return Locations(corners * scale, self._probs(logits).cpu().numpy())

    def _probs(self, logits: Any) -> Any:
        count = len(self.categories)
        return logits.softmax(1)[:, :count] if logits.shape[1] > count else logits.sigmoid()


def make_transformers(argument: str, device: str) -> TransformersDetector:
    """``transformers:NAME``."""
    return TransformersDetector(argument, device)
