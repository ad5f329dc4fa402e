"""Torchvision's detectors: weights of its hub, or of a file.

``torchvision:NAME`` takes the default weights, which the library fetches where it has not done so
before; ``torchvision:NAME@FILE`` takes a state dict, of COCO's 91 places in ``.pth``, or of the
categories that a ``.safetensors`` file names in its metadata. ``mask-rcnn`` is
``torchvision:maskrcnn_resnet50_fpn``, and ``mask-rcnn:FILE`` the same with weights of a file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from benchmark_n.coco.pixels import Pixels
from benchmark_n.errors import InputError
from benchmark_n.evidence.detections.base import Locations
from benchmark_n.files.json_yaml import JSON_FAULTS
from benchmark_n.files.provenance import file_digest
from benchmark_n.masks import CropMask, crop_to_rle
from benchmark_n.nets.pretrained import first_line
from benchmark_n.runtime.optional_imports import import_extra

_MASK_RCNN = "maskrcnn_resnet50_fpn"
# What the networks leave out of their answer: less than the library does by default, since weak
# answers are evidence too. Masks are as large as the image each.
_LEAST_SCORE, _MOST, _MOST_MASKS = 0.01, 300, 100


class TorchvisionDetector:
    """A detector of torchvision, which gives each box one category."""

    def __init__(
        self, name: str, version: str, network: Any, categories: tuple[str, ...], device: str
    ) -> None:
        self.name, self.version, self.categories = name, version, categories
        self.trained_on = "the pictures of its weights"
        self._torch = import_extra("torch", "deep", name)
        self._device = device
        self._network = network.eval().requires_grad_(False).to(device)
        _lower_thresholds(network)

    def locate(self, pixels: Pixels) -> Locations:
        """The network's boxes in an image, uint8 RGB (height, width, 3), and masks it has."""
        image = self._torch.from_numpy(np.ascontiguousarray(pixels)).to(self._device)
        with self._torch.inference_mode():
            (answer,) = self._network([image.permute(2, 0, 1).float() / 255])
        labels = answer["labels"].cpu().numpy()
        probs = np.zeros((len(labels), len(self.categories)), np.float32)
        probs[np.arange(len(labels)), labels] = answer["scores"].cpu().numpy()
        boxes = answer["boxes"].cpu().numpy().astype(np.float32)
        masks = answer.get("masks")
        if masks is None:
            return Locations(boxes, probs)
        inside = (masks[:, 0] > 0.5).cpu().numpy()
        return Locations(
            boxes, probs, tuple(crop_to_rle(CropMask.from_full(np.asarray(one))) for one in inside)
        )


def _lower_thresholds(network: Any) -> None:
    """Of the network itself, or of its heads: least score, and most boxes in an image."""
    heads = getattr(network, "roi_heads", network)
    has_masks = getattr(heads, "mask_head", None) is not None
    heads.score_thresh = _LEAST_SCORE
    heads.detections_per_img = _MOST_MASKS if has_masks else _MOST


def make_torchvision(argument: str, device: str) -> TorchvisionDetector:
    """``torchvision:NAME`` or ``torchvision:NAME@FILE``."""
    name, at, file = argument.partition("@")
    return _make(name, Path(file) if at else None, device)


def make_mask_rcnn(argument: str, device: str) -> TorchvisionDetector:
    """``mask-rcnn`` or ``mask-rcnn:FILE``."""
    return _make(_MASK_RCNN, Path(argument) if argument else None, device)


def _make(name: str, weights: Path | None, device: str) -> TorchvisionDetector:
    what = f"object detector torchvision:{name}"
    library = import_extra("torchvision", "deep", what)
    models = import_extra("torchvision.models", "deep", what)
    known = models.list_models(module=models.detection)
    if name not in known:
        raise InputError(f"{what}: no such detector, expected one of {', '.join(known)}")
    if weights is not None and not weights.is_file():
        raise InputError(f"{what}: {weights}: no such file of weights")
    version = str(library.__version__)
    try:
        if weights is None:
            told = models.get_model_weights(name).DEFAULT
            network = models.get_model(name, weights=told)
            version, categories = f"{version}, {told}", tuple(told.meta["categories"])
        else:
            state, categories = _state(weights, models)
            network = models.get_model(
                name, weights=None, weights_backbone=None, num_classes=len(categories)
            )
            network.load_state_dict(state)
            version = f"{version}, weights {file_digest(weights)[:16]}"
    except InputError:
        raise
    except Exception as error:  # Of hubs, archives and networks alike: any kind may come.
        raise InputError(f"{what} cannot be loaded: {first_line(error)}") from None
    return TorchvisionDetector(f"torchvision:{name}", version, network, categories, device)


def _state(path: Path, models: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    """A file's weights, and the categories they are of, the background's place first."""
    if path.suffix != ".safetensors":
        import torch

        state = torch.load(path, map_location="cpu", weights_only=True)
        weights = models.get_model_weights(_MASK_RCNN).DEFAULT
        return state, tuple(weights.meta["categories"])
    safetensors = import_extra("safetensors", "deep", "reading weights")
    with safetensors.safe_open(path, "pt") as file:
        text = (file.metadata() or {}).get("categories")
        state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    try:
        names = msgspec.json.decode(text or "", type=list[str])
    except JSON_FAULTS:
        raise InputError(
            f"{path}: no categories in its metadata: expected a list of names, such as "
            f"{json.dumps(['cat', 'dog'])}"
        ) from None
    return state, ("", *names)
