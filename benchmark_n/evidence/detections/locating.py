"""The images of a file, and what a detector says of them, in its own categories."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile, Image
from benchmark_n.coco.instances import by_image
from benchmark_n.coco.pixels import read_rgb
from benchmark_n.evidence.detections.base import ObjectDetector
from benchmark_n.evidence.detections.boxes import detections, support
from benchmark_n.evidence.evidence import Evidence, Ints
from benchmark_n.evidence.row_store import Rows, half
from benchmark_n.evidence.store_detections import mask_arrays
from benchmark_n.nets.devices import torch_device
from benchmark_n.runtime.optional_imports import import_extra


@dataclass(frozen=True)
class ImageTask:
    """An image with its annotations' places and boxes (n, 4), left, top, right, bottom in px."""

    path: Path
    image: Image
    places: Ints
    boxes: NDArray[np.float64]


def image_tasks(base: Evidence, coco: CocoFile, paths: dict[int, Path]) -> Iterator[ImageTask]:
    """The images in the file's order."""
    places = by_image(base.image_ids)
    none = np.zeros(0, np.int64)
    corners = np.concatenate([base.boxes[:, :2], base.boxes[:, :2] + base.boxes[:, 2:]], axis=1)
    for image_id, image in coco.images.items():
        if image_id in paths:
            own = places.get(image_id, none)
            yield ImageTask(paths[image_id], image, own, corners[own].astype(float))


def locate_all(detector: ObjectDetector, device: str, tasks: list[ImageTask]) -> Rows:
    """What the detector says of some images, in its own categories.

    Of torch's threads each takes an image of its own: the networks are small, and threads that
    share one wait for each other most of the time.
    """
    torch = import_extra("torch", "deep", detector.name)
    count = torch.get_num_threads() if torch_device(device) == "cpu" else 1
    with ThreadPoolExecutor(count, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        parts = list(pool.map(partial(_locate, detector), tasks))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _locate(detector: ObjectDetector, task: ImageTask) -> Rows:
    """The same of one image."""
    locations = detector.locate(read_rgb(task.path, task.image))
    rows, kinds = detections(locations)
    masks = () if locations.masks is None else tuple(locations.masks[i] for i in rows)
    return {
        "places": task.places,
        "support": half(support(locations, task.boxes)),
        "image_ids": np.full(len(rows), task.image.id, np.int64),
        "kinds": kinds.astype(np.int64),
        "scores": locations.probs[rows, kinds].astype(np.float32),
        "boxes": locations.boxes[rows].astype(np.float32),
        **mask_arrays(masks),
    }
