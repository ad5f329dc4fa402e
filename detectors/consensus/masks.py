"""One mask out of several annotators' masks of an instance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from benchmark_n.masks import CropMask
from benchmark_n.runtime.optional_imports import import_extra


def agreed_mask(masks: Sequence[CropMask], method: Literal["majority", "staple"]) -> CropMask:
    """The pixels that the masks agree on, by votes or by STAPLE.

    A pixel belongs to the majority mask if more than half of the masks have it, or half of them
    and the first; to the STAPLE mask if its estimated probability is above one half.
    """
    filled = [mask for mask in masks if mask.area]
    if not filled:
        return masks[0]
    boxes = np.array([mask.bbox for mask in filled])
    left, top = boxes[:, :2].min(axis=0).tolist()
    right, bottom = (boxes[:, :2] + boxes[:, 2:]).max(axis=0).tolist()
    layers = [mask.window(left, top, right, bottom).pixels for mask in masks]
    if method == "staple" and len(layers) > 1:
        chosen = _staple(layers)
    else:
        votes = 2 * np.sum(layers, axis=0, dtype=np.int64) + layers[0]
        chosen = votes > len(layers)
    first = masks[0]
    pixels = np.ascontiguousarray(chosen).view(np.uint8)
    return CropMask(pixels, left, top, first.height, first.width).tight()


def _staple(layers: Sequence[np.ndarray]) -> np.ndarray:
    sitk = import_extra("SimpleITK", "medical", "consensus.mask=staple")
    images = [sitk.GetImageFromArray(np.pad(layer, 1)) for layer in layers]
    probability = sitk.GetArrayFromImage(sitk.STAPLE(images, 1.0))
    return np.asarray(probability[1:-1, 1:-1] > 0.5)
