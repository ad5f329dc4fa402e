"""NanoDet: anchor-free, three levels, boxes as distances with a distribution each.

References
----------
.. [1] RangiLyu: NanoDet, https://github.com/RangiLyu/nanodet, Apache-2.0.
.. [2] Li et al.: Generalized Focal Loss, NeurIPS 2020 (the distances).
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.pixels import Pixels
from benchmark_n.evidence.detections.base import Locations
from benchmark_n.evidence.detections.categories import coco_names
from benchmark_n.evidence.detections.package import VERSION, graph_file
from benchmark_n.runtime.optional_imports import import_extra

SIZE = 416
STRIDES = (8, 16, 32)
# Of each level: probabilities (cells, 80), and distances in strides, left, top, right and bottom,
# as logits of 11 whole values each.
_OUTPUTS = ("Identity", "Identity_1", "Identity_2", "Identity_3", "Identity_4", "Identity_5")
_BINS = 11
_MEAN = np.array([103.53, 116.28, 123.675], np.float32)  # BGR
_DEVIATION = np.array([57.375, 57.12, 58.395], np.float32)


class NanoDet:
    """Detector ``nanodet``, trained on COCO."""

    name = "nanodet"
    version = f"{VERSION}, 1"
    trained_on = "COCO train2017"

    def __init__(self, device: str) -> None:
        self._torch = import_extra("torch", "deep", "nanodet")
        from benchmark_n.nets.tfjs.graph import Graph
        from benchmark_n.nets.tfjs.model_file import read_graph_model

        self.categories = coco_names()
        self._device = device
        self._graph = Graph(read_graph_model(graph_file(self.name)), _OUTPUTS, device)

    def locate(self, pixels: Pixels) -> Locations:
        """3,598 places of an image, uint8 RGB (height, width, 3)."""
        values, scale = letterbox(pixels)
        batch = self._torch.from_numpy(values).permute(2, 0, 1)[None].to(self._device)
        outputs: list[Any] = [one[0].cpu().numpy() for one in self._graph({"input_1": batch})]
        boxes = [boxes_of_level(outputs[3 + i], stride) for i, stride in enumerate(STRIDES)]
        return Locations(np.concatenate(boxes) / np.float32(scale), np.concatenate(outputs[:3]))


def letterbox(pixels: Pixels) -> tuple[NDArray[np.float32], float]:
    """The network's input, float32 BGR (416, 416, 3), and its scale in input px an image px.

    The longer side becomes 416 px; what is left below or to the right is zero.
    """
    height, width = pixels.shape[:2]
    scale = SIZE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    resized = cv2.resize(pixels, size, interpolation=kind)[..., ::-1].astype(np.float32)
    values = np.zeros((SIZE, SIZE, 3), np.float32)
    values[: size[1], : size[0]] = (resized - _MEAN) / _DEVIATION
    return values, scale


def boxes_of_level(logits: NDArray[np.float32], stride: int) -> NDArray[np.float32]:
    """Boxes float32 (cells, 4) in input px, of logits (cells, 44) on a square grid, row by row."""
    four = logits.reshape(-1, 4, _BINS)
    weights = np.exp(four - four.max(axis=2, keepdims=True))
    distances = (weights @ np.arange(_BINS)) / weights.sum(axis=2) * stride
    side = SIZE // stride
    rows, columns = np.divmod(np.arange(side * side), side)
    centres = (np.stack([columns, rows], axis=1) + 0.5) * stride
    corners = [centres - distances[:, :2], centres + distances[:, 2:]]
    return np.concatenate(corners, axis=1).astype(np.float32)


def make_nanodet(argument: str, device: str) -> NanoDet:
    """The detector; it takes no argument."""
    return NanoDet(device)
