"""What a detector says of the images of a file, in its own categories."""

from __future__ import annotations

from functools import partial

import numpy as np

from benchmark_n.coco.pixels import read_rgb
from benchmark_n.evidence.detections.base import ObjectDetector
from benchmark_n.evidence.detections.boxes import detections, support
from benchmark_n.evidence.image_tasks import ImageTask, each_on_a_thread
from benchmark_n.evidence.row_store import Rows, half
from benchmark_n.evidence.store_detections import mask_arrays


def locate_all(detector: ObjectDetector, device: str, tasks: list[ImageTask]) -> Rows:
    """What the detector says of some images, in its own categories."""
    parts = each_on_a_thread(partial(_locate, detector), tasks, device)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _locate(detector: ObjectDetector, task: ImageTask) -> Rows:
    """The same of one image."""
    locations = detector.locate(read_rgb(task.path, task.image))
    corners = np.concatenate([task.boxes[:, :2], task.boxes[:, :2] + task.boxes[:, 2:]], axis=1)
    rows, kinds = detections(locations)
    masks = () if locations.masks is None else tuple(locations.masks[i] for i in rows)
    return {
        "places": task.places,
        "support": half(support(locations, corners.astype(float))),
        "image_ids": np.full(len(rows), task.image.id, np.int64),
        "kinds": kinds.astype(np.int64),
        "scores": locations.probs[rows, kinds].astype(np.float32),
        "boxes": locations.boxes[rows].astype(np.float32),
        **mask_arrays(masks),
    }
