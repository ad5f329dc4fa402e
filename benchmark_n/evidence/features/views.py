"""What a network is shown of an annotation, and what is kept of its answers.

Five views, each a block of features or several: the crop, the crop with grey around the mask, a
crop with more of the surroundings, the whole picture, and the box's place and shape in numbers.
What stands in a picture says much of what an object in it may be, and the object alone says what
its surroundings hide.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.pixels import Pixels, crop, mask_crop
from benchmark_n.evidence.backbones.base import Backbone
from benchmark_n.evidence.backbones.efficientnet_lite import Lite
from benchmark_n.evidence.crops.cutting import on_grey
from benchmark_n.evidence.evidence import Ints
from benchmark_n.masks import CropMask

VERSION = 1
Blocks = dict[str, NDArray[np.float32]]
# Of EfficientNet-Lite, px; other networks have the size that they were trained at.
_CROP, _SURROUNDED = 192, 160
_PICTURE = (288, 224)
_CONTEXT = 2.6
_AT_ONCE = 16


def describe(backbone: Backbone, pixels: Pixels, boxes: Ints, masks: Sequence[CropMask]) -> Blocks:
    """The blocks of n annotations of one picture.

    Parameters
    ----------
    backbone
        Shown the four views.
    pixels
        uint8 RGB (height, width, 3).
    boxes
        int64 (n, 4): x, y, width, height in px.
    masks
        Their masks.

    Returns
    -------
    dict
        Name of the block to float32 (n, D).
    """
    parts = [
        _of_some(backbone, pixels, boxes[i : i + _AT_ONCE], masks[i : i + _AT_ONCE])
        for i in range(0, len(boxes), _AT_ONCE)
    ]
    blocks = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    picture = _network(backbone, _whole(backbone, pixels)[None])["mean"]
    blocks["picture"] = np.repeat(picture, len(boxes), axis=0)
    blocks["geometry"] = geometry(boxes, masks, pixels.shape[:2])
    return blocks


def _of_some(backbone: Backbone, pixels: Pixels, boxes: Ints, masks: Sequence[CropMask]) -> Blocks:
    lite = isinstance(backbone, Lite)
    size, wide = (_CROP, _SURROUNDED) if lite else (backbone.size, backbone.size)
    crops = np.stack([crop(pixels, box, size) for box in boxes])
    shapes = np.stack([mask_crop(m, b, size) for m, b in zip(masks, boxes, strict=True)])
    surrounded = np.stack([crop(pixels, box, wide, _CONTEXT) for box in boxes])
    blocks = {f"crop.{name}": block for name, block in _network(backbone, crops, shapes).items()}
    blocks["object"] = _network(backbone, on_grey(crops, shapes))["mean"]
    blocks["surroundings"] = _network(backbone, surrounded)["mean"]
    return blocks


def _network(backbone: Backbone, crops: Pixels, masks: Pixels | None = None) -> Blocks:
    """What a network says of crops: Lite of several maps, others one vector."""
    if isinstance(backbone, Lite):
        return backbone.blocks(crops, masks)
    if masks is None:
        masks = np.full(crops.shape[:3], 255, np.uint8)
    return {"mean": backbone.describe(crops, masks)}


def _whole(backbone: Backbone, pixels: Pixels) -> Pixels:
    """The picture at the size at which the network sees it."""
    height, width = pixels.shape[:2]
    size = (backbone.size, backbone.size)
    if isinstance(backbone, Lite):
        size = _PICTURE if width >= height else (_PICTURE[1], _PICTURE[0])
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def geometry(boxes: Ints, masks: Sequence[CropMask], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Size, shape and place of boxes (n, 4) in a picture (height, width), float32 (n, 10).

    >>> mask = CropMask(np.ones((10, 20), bool), 0, 0, 40, 80)
    >>> geometry(np.array([[0, 0, 20, 10]]), [mask], (40, 80)).round(2).tolist()[0][3:6]
    [0.12, 0.12, 0.25]
    """
    height, width = shape[:2]
    x, y, w, h = np.maximum(boxes.astype(np.float64), [[0, 0, 1, 1]]).T
    areas = np.array([mask.tight().pixels.sum() for mask in masks], np.float64)
    columns: list[Any] = [
        *(np.log(w), np.log(h), np.log(w / h)),
        *((x + w / 2) / width, (y + h / 2) / height, (y + h) / height),
        *(np.log(w * h / (width * height)), areas / (w * h)),
        *(np.full(len(boxes), width / height), np.full(len(boxes), np.log(len(boxes)))),
    ]
    return np.stack(columns, axis=1).astype(np.float32)
