"""CenterNet on MobileNetV3: a heat map of centres for each category, and the box about each.

References
----------
.. [1] Zhou, Wang, Krähenbühl: Objects as Points, 2019 (arXiv 1904.07850).
.. [2] https://github.com/610265158/mobilenetv3_centernet, whose licence was not found.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.pixels import Pixels
from benchmark_n.evidence.detections.base import Locations
from benchmark_n.evidence.detections.categories import coco_names
from benchmark_n.evidence.detections.package import VERSION, graph_file
from benchmark_n.runtime.optional_imports import import_extra

SIZE, STRIDE = 512, 4
_GRID = SIZE // STRIDE
_OUTPUTS = ("tower_0/keypoints", "tower_0/wh")


class CenterNet:
    """Detector ``centernet``, trained on COCO."""

    name = "centernet"
    version = f"{VERSION}, 1"
    trained_on = "COCO train2017"

    def __init__(self, device: str) -> None:
        self._torch = import_extra("torch", "deep", "centernet")
        from benchmark_n.nets.tfjs.graph import Graph
        from benchmark_n.nets.tfjs.model_file import read_graph_model

        self.categories = coco_names()
        self._device = device
        self._graph = Graph(read_graph_model(graph_file(self.name)), _OUTPUTS, device)

    def locate(self, pixels: Pixels) -> Locations:
        """16,384 places of an image, uint8 RGB (height, width, 3), stretched to a square."""
        height, width = pixels.shape[:2]
        values = cv2.resize(pixels, (SIZE, SIZE)).astype(np.float32)
        batch = self._torch.from_numpy(values)[None].to(self._device)
        heat, sides = (one[0].cpu().numpy() for one in self._graph({"tower_0/images": batch}))
        scale = np.array([width, height] * 2, np.float32) / SIZE
        return Locations(
            (boxes_of_sides(sides) * scale).astype(np.float32), heat.reshape(_GRID * _GRID, -1)
        )


def boxes_of_sides(sides: NDArray[np.float32]) -> NDArray[np.float32]:
    """Boxes float32 (16384, 4) in input px, of the distances (128, 128, 4) of their four sides."""
    rows, columns = np.divmod(np.arange(_GRID * _GRID), _GRID)
    centres = np.stack([columns, rows], axis=1).astype(np.float32) * STRIDE
    flat = sides.reshape(-1, 4)
    return np.concatenate([centres - flat[:, :2], centres + flat[:, 2:]], axis=1)


def make_centernet(argument: str, device: str) -> CenterNet:
    """The detector; it takes no argument."""
    return CenterNet(device)
