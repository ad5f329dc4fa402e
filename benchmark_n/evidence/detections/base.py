"""Object detectors by name: what gives boxes and the probability of each category in them.

``nanodet`` and ``centernet`` are small networks whose weights `benchmark-n fetch coco-detectors`
brings. ``torchvision:NAME`` and ``transformers:NAME`` take their library's, Mask R-CNN among them
(``mask-rcnn``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.pixels import Pixels
from benchmark_n.errors import InputError
from benchmark_n.masks import Rle
from benchmark_n.nets.devices import torch_device
from benchmark_n.runtime.registry import Registry

OBJECT_DETECTORS = Registry(
    "object detector",
    "benchmark_n.object_detectors",
    {
        "nanodet": "benchmark_n.evidence.detections.nanodet:make_nanodet",
        "centernet": "benchmark_n.evidence.detections.centernet:make_centernet",
        "torchvision": "benchmark_n.evidence.detections.torchvision_models:make_torchvision",
        "mask-rcnn": "benchmark_n.evidence.detections.torchvision_models:make_mask_rcnn",
        "transformers": "benchmark_n.evidence.detections.transformers_models:make_transformers",
    },
)
_NAMED, _NAMELESS = ("torchvision", "transformers"), ("nanodet", "centernet")


@dataclass(frozen=True)
class Locations:
    """What a detector says of L places of an image.

    Parameters
    ----------
    boxes
        float32 (L, 4): left, top, right, bottom in px.
    probs
        float32 (L, C): probability of each of the detector's categories, each for itself.
    masks
        L masks; None where the detector has none.
    """

    boxes: NDArray[np.float32]
    probs: NDArray[np.float32]
    masks: tuple[Rle, ...] | None = None


class ObjectDetector(Protocol):
    """A detector.

    Parameters
    ----------
    name, version
        What results call it; the version changes when what it says does.
    categories
        Names of its C categories.
    trained_on
        The pictures it was trained on, for a note beside results.
    """

    name: str
    version: str
    categories: tuple[str, ...]
    trained_on: str

    def locate(self, pixels: Pixels) -> Locations:
        """Boxes and probabilities in an image, uint8 RGB (height, width, 3)."""
        ...


def make_object_detector(name: str, device: str = "cpu") -> ObjectDetector:
    """The detector called `name`, ready to use.

    Raises
    ------
    InputError
        An unknown detector, one whose weights or packages are not there, or no such device.
    """
    kind, _, argument = name.partition(":")
    if kind in _NAMED and not argument:
        raise InputError(f"object detector '{name}' needs a name: {kind}:NAME")
    if kind in _NAMELESS and argument:
        raise InputError(f"object detector '{kind}' takes no name, but got '{name}'")
    make: Any = OBJECT_DETECTORS.load(kind)
    detector: ObjectDetector = make(argument, torch_device(device))
    return detector
